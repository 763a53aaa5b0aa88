{{/* One setting as the environment has it: numbers in full, lists with commas; YAML makes true and false of on and off. */}}
{{- define "statusgraph.setting" -}}
{{- if kindIs "slice" . }}{{ join "," . }}
{{- else if kindIs "string" . }}{{ . }}
{{- else if kindIs "bool" . }}{{ ternary "on" "off" . }}
{{- else }}{{ toJson . }}
{{- end -}}
{{- end }}

{{/* The settings, the same for every component. */}}
{{- define "statusgraph.env" -}}
- name: REDIS_URL
  valueFrom:
    secretKeyRef:
      name: {{ include "statusgraph.redisSecret" . }}
      key: {{ include "statusgraph.redisKey" . }}
- name: STATUSGRAPH_CLUSTER
  value: {{ .Values.cluster | quote }}
{{- with .Values.namespaces }}
- name: STATUSGRAPH_NAMESPACES
  value: {{ join "," . | quote }}
{{- end }}
- name: STATUSGRAPH_ACTIONS
  value: {{ ternary "on" "off" .Values.actions.enabled | quote }}
- name: STATUSGRAPH_API_LISTEN
  value: "{{ ternary "[::]" "0.0.0.0" .Values.ipv6 }}:8000"
- name: STATUSGRAPH_OPERATOR_LISTEN
  value: "{{ ternary "[::]" "0.0.0.0" .Values.ipv6 }}:8001"
- name: STATUSGRAPH_LEASE_NAME
  value: {{ include "statusgraph.lease" . }}
- name: STATUSGRAPH_LEASE_NAMESPACE
  value: {{ .Release.Namespace }}
{{- range $name, $value := omit .Values.settings "rules" }}
- name: STATUSGRAPH_{{ upper $name }}
  value: {{ include "statusgraph.setting" $value | quote }}
{{- end }}
{{- range $name, $value := .Values.settings.rules }}
- name: STATUSGRAPH_RULES__{{ upper $name }}
  value: {{ include "statusgraph.setting" $value | quote }}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* What the restricted Pod Security Standard wants of a pod; of (dict "user" 10001). Without a user: the cluster's choice. */}}
{{- define "statusgraph.podSecurity" -}}
runAsNonRoot: true
{{- with .user }}
runAsUser: {{ int64 . }}
runAsGroup: {{ int64 . }}
fsGroup: {{ int64 . }}
{{- end }}
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{/* And of a container. */}}
{{- define "statusgraph.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{/* Where its pods may run; of (dict "root" $ "component" "api"). Spread over nodes unless the values say it otherwise. */}}
{{- define "statusgraph.placement" -}}
{{- $own := index .root.Values .component -}}
{{- with $own.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with $own.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $own.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $own.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- $anywhere := list (dict "maxSkew" 1 "topologyKey" "kubernetes.io/hostname" "whenUnsatisfiable" "ScheduleAnyway") }}
{{- $alike := dict "labelSelector" (dict "matchLabels" (include "statusgraph.selector" . | fromYaml)) }}
topologySpreadConstraints:
{{- range default $anywhere $own.topologySpreadConstraints }}
  - {{- merge (dict) . $alike | toYaml | nindent 4 }}
{{- end }}
{{- end }}

{{/* The container's ports: the part that answers there and its number. */}}
{{- define "statusgraph.ports" -}}
{{- if ne .component "operator" }}
- name: api
  containerPort: 8000
{{- end }}
{{- if ne .component "api" }}
- name: operator
  containerPort: 8001
{{- end }}
{{- end }}

{{/* The port whose probes stand for the pod: the api's wherever there is one. */}}
{{- define "statusgraph.mainPort" -}}
{{ if eq .component "operator" }}operator{{ else }}api{{ end }}
{{- end }}

{{/* Annotations of a pod: its own, and what makes it new when the URL of Redis changes. */}}
{{- define "statusgraph.podAnnotations" -}}
{{- $own := index .root.Values .component -}}
checksum/redis: {{ include "statusgraph.redisUrl" .root | sha256sum }}
{{- if .root.Values.metrics.annotations }}
prometheus.io/scrape: "true"
prometheus.io/port: {{ ternary "8001" "8000" (eq .component "operator") | quote }}
prometheus.io/path: /metrics
{{- end }}
{{- with $own.podAnnotations }}
{{ toYaml . }}
{{- end }}
{{- end }}
