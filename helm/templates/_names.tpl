{{/* The begin of every name: at most 40 characters, so that each suffix and what Kubernetes adds fits into 63. */}}
{{- define "statusgraph.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end }}

{{/* Labels of an object; of (dict "root" $ "component" "api") or, for what belongs to no component, without one. */}}
{{- define "statusgraph.labels" -}}
{{ include "statusgraph.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end }}

{{/* Labels that select the pods of a component, or of all. */}}
{{- define "statusgraph.selector" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- with .component }}
app.kubernetes.io/component: {{ . }}
{{- end }}
{{- end }}

{{/* The Deployments of this mode, separated by a space. */}}
{{- define "statusgraph.components" -}}
{{ if eq .Values.mode "serve" }}serve{{ else }}operator api{{ end }}
{{- end }}

{{/* The component that answers GraphQL. */}}
{{- define "statusgraph.front" -}}
{{ if eq .Values.mode "serve" }}serve{{ else }}api{{ end }}
{{- end }}

{{/* The ServiceAccount that holds the rights in the cluster. */}}
{{- define "statusgraph.operatorAccount" -}}
{{ default (printf "%s-operator" (include "statusgraph.fullname" .)) .Values.serviceAccounts.operator.name }}
{{- end }}

{{/* The ServiceAccount of the api, which has no rights and no token. */}}
{{- define "statusgraph.apiAccount" -}}
{{ default (printf "%s-api" (include "statusgraph.fullname" .)) .Values.serviceAccounts.api.name }}
{{- end }}

{{/* The Lease by which the operators elect their leader. */}}
{{- define "statusgraph.lease" -}}
{{ include "statusgraph.fullname" . }}-operator
{{- end }}
