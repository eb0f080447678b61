{{- define "www-ameide-platform.selectorLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "www-ameide-platform.labels" -}}
{{ include "www-ameide-platform.selectorLabels" . }}
ameide.io/tier: {{ .Values.tier | default "backend" }}
ameide.io/environment: {{ .Values.environment | quote }}
{{- end }}
