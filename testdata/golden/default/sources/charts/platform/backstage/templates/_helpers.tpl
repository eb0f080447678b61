{{/* Name of the chart's objects. */}}
{{- define "backstage.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* Release and chart. 45 characters leave room for -migrations-unlock in the 63 that a Job's name may have. */}}
{{- define "backstage.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 45 | trimSuffix "-" -}}
{{- else -}}
{{- $name := include "backstage.name" . -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 45 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 45 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Labels by which Service, ServiceMonitor and the rest find the Pods: they never change. */}}
{{- define "backstage.selectorLabels" -}}
app.kubernetes.io/name: {{ include "backstage.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}

{{/* The platform's labels. */}}
{{- define "backstage.labels" -}}
{{- include "backstage.labelsOf" (dict "root" . "name" (include "backstage.name" .) "extra" dict) -}}
{{- end -}}

{{/*
The platform's labels under another name and with extra ones. Call it with root, name and extra. What selectors and the
platform's network rules go by cannot be overridden.
*/}}
{{- define "backstage.labelsOf" -}}
{{- $fixed := dict
  "app.kubernetes.io/name" .name
  "app.kubernetes.io/instance" .root.Release.Name
  "ameide.io/tier" .root.Values.tier
  "ameide.io/environment" .root.Values.environment -}}
{{- $usual := dict
  "helm.sh/chart" (printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-")
  "app.kubernetes.io/version" .root.Chart.AppVersion
  "app.kubernetes.io/part-of" "platform"
  "app.kubernetes.io/managed-by" .root.Release.Service -}}
{{- merge $fixed .extra .root.Values.commonLabels $usual | toYaml -}}
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

{{/* Refuses values that contradict each other. */}}
{{- define "backstage.validate" -}}
{{- $baseUrl := include "backstage.baseUrl" . -}}
{{- if and .Values.httproute.enabled (ne (get (urlParse $baseUrl) "hostname") .Values.httproute.hostname) -}}
{{- fail (printf "app.baseUrl %s and httproute.hostname %s name different hosts" $baseUrl .Values.httproute.hostname) -}}
{{- end -}}
{{- if and (eq .Values.migrations.mode "startup") (or .Values.autoscaling.enabled (gt (int .Values.replicaCount) 1)) -}}
{{- fail "more than one Pod needs migrations.mode job: Pods that migrate at startup must not start together" -}}
{{- end -}}
{{- if and .Values.hooks.verify.enabled (ne .Values.hooks.runner "ameide") -}}
{{- fail "hooks.verify needs hooks.runner ameide: no shell does it" -}}
{{- end -}}
{{- if ge (int .Values.preStopSeconds) (int .Values.terminationGracePeriodSeconds) -}}
{{- fail "terminationGracePeriodSeconds must be more than preStopSeconds: the backend would be killed before it is asked to stop" -}}
{{- end -}}
{{- end -}}

{{/* The chart's app-config. Call it with root, port, signIn and skipMigrations. */}}
{{- define "backstage.appConfig" -}}
{{- $root := .root -}}
{{- $values := $root.Values -}}
{{- $baseUrl := include "backstage.baseUrl" $root -}}
app:
  title: {{ $values.app.title | quote }}
  baseUrl: {{ $baseUrl | quote }}
organization:
  name: {{ $values.app.organization | quote }}
backend:
  baseUrl: {{ $baseUrl | quote }}
  listen:
    host: 0.0.0.0
    port: {{ .port }}
  database:
    client: pg
    pluginDivisionMode: {{ $values.postgresql.divisionMode }}
    {{- if eq $values.postgresql.divisionMode "database" }}
    prefix: {{ $values.postgresql.prefix | quote }}
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
      database: {{ $values.postgresql.database | quote }}
    {{- with $values.postgresql.plugins }}
    plugin:
      {{- range $plugin, $database := . }}
      {{ $plugin | quote }}:
        connection:
          database: {{ $database | quote }}
      {{- end }}
    {{- end }}
    {{- if .skipMigrations }}
    # The PreSync hook has migrated.
    skipMigrations: true
    {{- end }}
auth:
  environment: {{ $values.auth.environment | quote }}
  session:
    secret: ${AUTH_SESSION_SECRET}
  providers:
    {{- if .signIn }}
    oidc:
      {{ $values.auth.environment | quote }}:
        metadataUrl: ${KEYCLOAK_ISSUER}/.well-known/openid-configuration
        clientId: {{ $values.auth.oidc.clientId | quote }}
        clientSecret: ${AUTH_OIDC_CLIENT_SECRET}
        prompt: {{ $values.auth.oidc.prompt }}
        signIn:
          resolvers:
            - resolver: {{ $values.auth.oidc.resolver | quote }}
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
  # An empty list, too: without one the examples of the image would be read.
  locations:
    {{- with $values.catalog.location }}
    - type: url
      target: {{ . | quote }}
      rules:
        - allow: [Location]
    {{- else }} []
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
- name: NODE_ENV
  value: production
- name: NODE_OPTIONS
  value: {{ printf "--no-node-snapshot%s" (ternary (printf " --require %s" .Values.telemetry.preload) "" (ne .Values.telemetry.preload "")) | quote }}
- name: LOG_LEVEL
  value: {{ .Values.telemetry.logLevel }}
{{ include "backstage.databaseEnv" . }}
- name: KEYCLOAK_ISSUER
  value: {{ .Values.auth.oidc.issuer | quote }}
- name: AUTH_OIDC_CLIENT_SECRET
  valueFrom:
    secretKeyRef:
      name: {{ .Values.auth.oidc.secretName | quote }}
      key: {{ .Values.auth.oidc.secretKey | quote }}
{{- end -}}

{{/* Where the database is; user and password come from its Secret. */}}
{{- define "backstage.databaseEnv" -}}
- name: POSTGRES_HOST
  value: {{ .Values.postgresql.host | quote }}
- name: POSTGRES_PORT
  value: {{ .Values.postgresql.port | quote }}
{{- end -}}

{{/* "true" where the hooks' own steps run ameide. */}}
{{- define "backstage.runsAmeide" -}}
{{- eq .Values.hooks.runner "ameide" -}}
{{- end -}}

{{/* What ameide must know of the databases, as its spec file. */}}
{{- define "backstage.databaseSpec" -}}
version: 1
database:
  name: {{ .Values.postgresql.database | quote }}
  pluginPrefix: {{ .Values.postgresql.prefix | quote }}
  divisionMode: {{ .Values.postgresql.divisionMode }}
  plugins: {{ .Values.postgresql.plugins | toJson }}
{{- end -}}

{{/* What ameide must know besides to look at what runs: names, and where things are. */}}
{{- define "backstage.environmentSpec" -}}
oidc:
  realm: {{ regexFind "[^/]+$" (trimSuffix "/" .Values.auth.oidc.issuer) | quote }}
  clientID: {{ .Values.auth.oidc.clientId | quote }}
  secretName: {{ .Values.auth.oidc.secretName | quote }}
  secretKey: {{ .Values.auth.oidc.secretKey | quote }}
secrets:
  storeKind: {{ .Values.externalSecrets.storeRef.kind }}
  storeName: {{ .Values.externalSecrets.storeRef.name | quote }}
environments:
  - name: {{ .Values.environment | quote }}
    namespace: {{ .Release.Namespace | quote }}
    dnsZone: {{ .Values.httproute.hostname | quote }}
    host: {{ .Values.httproute.hostname | quote }}
    issuer: {{ .Values.auth.oidc.issuer | quote }}
{{- end -}}

{{/* The Secrets that the portal reads and is pulled with, as a JSON list. */}}
{{- define "backstage.verifiedSecrets" -}}
{{- $names := list .Values.postgresql.secretName .Values.auth.oidc.secretName (include "backstage.sessionSecretName" .) -}}
{{- range .Values.imagePullSecrets -}}
{{- $names = append $names .name -}}
{{- end -}}
{{- range .Values.extraEnv -}}
{{- with (.valueFrom | default dict).secretKeyRef -}}
{{- $names = append $names .name -}}
{{- end -}}
{{- end -}}
{{- range .Values.extraEnvFrom -}}
{{- with .secretRef -}}
{{- $names = append $names .name -}}
{{- end -}}
{{- end -}}
{{- uniq $names | sortAlpha | toJson -}}
{{- end -}}

{{/*
A container that runs ameide on the databases, as the role of the portal: it needs no right in Kubernetes. Call it with
root, name, args and config, the volume with spec.yaml.
*/}}
{{- define "backstage.ameideContainer" -}}
{{- $postgresql := .root.Values.postgresql -}}
- name: {{ .name }}
  image: {{ include "backstage.image" .root.Values.hooks.image | quote }}
  imagePullPolicy: {{ .root.Values.hooks.image.pullPolicy }}
  args: {{ concat (list "platform" "backstage") .args (list "--spec=/ameide/spec.yaml" "--format=jsonl") | toJson }}
  env:
    - name: AMEIDE_DSN
      value: {{ printf "host=%s port=%d dbname=%s" $postgresql.host (int $postgresql.port) $postgresql.database | quote }}
    - name: PGUSER
      valueFrom:
        secretKeyRef:
          name: {{ $postgresql.secretName | quote }}
          key: POSTGRES_USER
    - name: PGPASSWORD
      valueFrom:
        secretKeyRef:
          name: {{ $postgresql.secretName | quote }}
          key: POSTGRES_PASSWORD
    # Who did it, for the record.
    - name: USER
      valueFrom:
        fieldRef:
          fieldPath: metadata.name
  resources:
    requests: {cpu: 10m, memory: 32Mi}
    limits: {memory: 128Mi}
  securityContext:
    runAsUser: 65532
    runAsGroup: 65532
    {{- include "backstage.containerSecurityContext" .root | nindent 4 }}
  volumeMounts:
    - name: {{ .config }}
      mountPath: /ameide
      readOnly: true
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
runAsUser: {{ int64 .user }}
runAsGroup: {{ int64 .group }}
fsGroup: {{ int64 .group }}
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

{{/* Annotations of an Argo CD hook, PreSync unless it says another. Call it with root, wave and policy. */}}
{{- define "backstage.hookAnnotations" -}}
{{- $hook := dict
  "argocd.argoproj.io/hook" (get . "hook" | default "PreSync")
  "argocd.argoproj.io/hook-delete-policy" .policy
  "argocd.argoproj.io/sync-wave" (toString .wave) -}}
{{- merge $hook .root.Values.commonAnnotations | toYaml -}}
{{- end -}}
