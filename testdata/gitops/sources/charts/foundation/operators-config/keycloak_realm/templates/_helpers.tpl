{{- define "keycloak-realm.labels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
ameide.io/tier: platform
ameide.io/environment: {{ .Values.environment | quote }}
{{- end }}
