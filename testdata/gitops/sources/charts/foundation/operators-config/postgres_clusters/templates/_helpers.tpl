{{- define "postgres-clusters.labels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
ameide.io/tier: data
ameide.io/environment: {{ .Values.environment | quote }}
{{- end }}
