{{/* Name of the chart's objects. */}}
{{- define "backstage.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "backstage.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- $name := include "backstage.name" . -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Labels by which Service, ServiceMonitor and the rest find the Pods: they never change. */}}
{{- define "backstage.selectorLabels" -}}
app.kubernetes.io/name: {{ include "backstage.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* The platform's labels. */}}
{{- define "backstage.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{ include "backstage.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: platform
app.kubernetes.io/managed-by: {{ .Release.Service }}
ameide.io/tier: {{ .Values.tier }}
ameide.io/environment: {{ .Values.environment }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* The layout of the image, as a mapping. */}}
{{- define "backstage.layout" -}}
{{- index .Values.layouts .Values.image.layout | toYaml -}}
{{- end -}}

{{/* repository[:tag][@digest] of an image value. */}}
{{- define "backstage.image" -}}
{{- .repository -}}{{- with .tag }}:{{ . }}{{ end -}}{{- with .digest }}@{{ . }}{{ end -}}
{{- end -}}

{{- define "backstage.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "backstage.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "backstage.baseUrl" -}}
{{- default (printf "https://%s" .Values.httproute.hostname) .Values.app.baseUrl | trimSuffix "/" -}}
{{- end -}}

{{- define "backstage.sessionSecretName" -}}
{{- default (printf "%s-session" (include "backstage.fullname" .)) .Values.auth.session.secretName -}}
{{- end -}}

{{/* "true" where metrics are served: auto means where the image preloads the SDK. */}}
{{- define "backstage.metrics" -}}
{{- if eq (toString .Values.metrics.enabled) "auto" -}}
{{- $layout := include "backstage.layout" . | fromYaml -}}
{{- or (ne $layout.preload "") (ne .Values.telemetry.preload "") -}}
{{- else -}}
{{- .Values.metrics.enabled -}}
{{- end -}}
{{- end -}}

{{/* The chart's app-config. Call it with root, port and skipMigrations. */}}
{{- define "backstage.appConfig" -}}
{{- $root := .root -}}
{{- $values := $root.Values -}}
{{- $baseUrl := include "backstage.baseUrl" $root -}}
{{- if and $values.httproute.enabled (ne (get (urlParse $baseUrl) "hostname") $values.httproute.hostname) -}}
{{- fail (printf "app.baseUrl %s and httproute.hostname %s name different hosts" $baseUrl $values.httproute.hostname) -}}
{{- end -}}
app:
  title: {{ $values.app.title | quote }}
  baseUrl: {{ $baseUrl }}
organization:
  name: {{ $values.app.organization | quote }}
backend:
  baseUrl: {{ $baseUrl }}
  listen:
    host: 0.0.0.0
    port: {{ .port }}
  database:
    client: pg
    pluginDivisionMode: {{ $values.postgresql.divisionMode }}
    {{- if eq $values.postgresql.divisionMode "database" }}
    prefix: {{ $values.postgresql.prefix }}
    {{- else }}
    # The role may not reach other databases: look for none, create the schemas only.
    ensureExists: false
    ensureSchemaExists: true
    {{- end }}
    connection:
      host: ${POSTGRES_HOST}
      port: ${POSTGRES_PORT}
      user: ${POSTGRES_USER}
      password: ${POSTGRES_PASSWORD}
      database: {{ $values.postgresql.database }}
    {{- with $values.postgresql.plugins }}
    plugin:
      {{- range $plugin, $database := . }}
      {{ $plugin }}:
        connection:
          database: {{ $database }}
      {{- end }}
    {{- end }}
    {{- if .skipMigrations }}
    # The PreSync hook has migrated.
    skipMigrations: true
    {{- end }}
auth:
  environment: {{ $values.auth.environment }}
  session:
    secret: ${AUTH_SESSION_SECRET}
  providers:
    {{- if .signIn }}
    oidc:
      {{ $values.auth.environment }}:
        metadataUrl: ${KEYCLOAK_ISSUER}/.well-known/openid-configuration
        clientId: {{ $values.auth.oidc.clientId }}
        clientSecret: ${AUTH_OIDC_CLIENT_SECRET}
        prompt: {{ $values.auth.oidc.prompt }}
        signIn:
          resolvers:
            - resolver: {{ $values.auth.oidc.resolver }}
    {{- if $values.auth.guest.enabled }}
    guest:
      dangerouslyAllowOutsideDevelopment: true
    {{- end }}
    {{- else }} {}
    {{- end }}
{{- if eq $values.image.layout "rhdh" }}
signInPage: oidc
{{- end }}
catalog:
  rules:
    - allow: {{ $values.catalog.allow | toJson }}
  {{- with $values.catalog.location }}
  locations:
    - type: url
      target: {{ . }}
      rules:
        - allow: [Location]
  {{- end }}
techdocs:
  builder: {{ $values.techdocs.builder }}
  generator:
    runIn: local
  publisher:
    type: {{ $values.techdocs.publisher }}
    {{- if eq $values.techdocs.publisher "local" }}
    local:
      publishDirectory: /tmp/techdocs
    {{- end }}
{{- end -}}

{{/* The same with extraAppConfig merged over it. */}}
{{- define "backstage.mergedAppConfig" -}}
{{- mergeOverwrite (include "backstage.appConfig" . | fromYaml) (deepCopy .root.Values.extraAppConfig) | toYaml -}}
{{- end -}}

{{/* Environment that every process of the image needs. */}}
{{- define "backstage.env" -}}
{{- $layout := include "backstage.layout" . | fromYaml -}}
- name: NODE_ENV
  value: production
- name: NODE_OPTIONS
  value: {{ printf "--no-node-snapshot%s" (ternary (printf " --require %s" .Values.telemetry.preload) "" (ne .Values.telemetry.preload "")) | quote }}
- name: LOG_LEVEL
  value: {{ .Values.telemetry.logLevel }}
{{ include "backstage.databaseEnv" . }}
- name: KEYCLOAK_ISSUER
  value: {{ .Values.auth.oidc.issuer }}
- name: AUTH_OIDC_CLIENT_SECRET
  valueFrom:
    secretKeyRef:
      name: {{ .Values.auth.oidc.secretName }}
      key: {{ .Values.auth.oidc.secretKey }}
{{- end -}}

{{/* Where the database is; user and password come from its Secret. */}}
{{- define "backstage.databaseEnv" -}}
- name: POSTGRES_HOST
  value: {{ .Values.postgresql.host }}
- name: POSTGRES_PORT
  value: {{ .Values.postgresql.port | quote }}
{{- end -}}

{{/* What restricted Pod security asks of a container. */}}
{{- define "backstage.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{/* What restricted Pod security asks of a Pod. Call it with user and group. */}}
{{- define "backstage.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: {{ .user }}
runAsGroup: {{ .group }}
fsGroup: {{ .group }}
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{/* Where Pods of this chart may run. */}}
{{- define "backstage.placement" -}}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{/* Annotations of an Argo CD PreSync hook. Call it with root, wave and policy. */}}
{{- define "backstage.hookAnnotations" -}}
argocd.argoproj.io/hook: PreSync
argocd.argoproj.io/hook-delete-policy: {{ .policy }}
argocd.argoproj.io/sync-wave: {{ .wave | quote }}
{{- with .root.Values.commonAnnotations }}
{{ toYaml . }}
{{- end }}
{{- end -}}
