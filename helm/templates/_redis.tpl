{{/* Fails with one sentence unless there is exactly one Redis. */}}
{{- define "statusgraph.oneRedis" -}}
{{- $redis := .Values.redis -}}
{{- $given := list -}}
{{- if $redis.url }}{{ $given = append $given "redis.url" }}{{ end -}}
{{- if $redis.existingSecret.name }}{{ $given = append $given "redis.existingSecret.name" }}{{ end -}}
{{- if $redis.bundled.enabled }}{{ $given = append $given "redis.bundled.enabled" }}{{ end -}}
{{- if not $given -}}
{{- fail "no Redis: set one of redis.url, redis.existingSecret.name and redis.bundled.enabled=true" -}}
{{- else if gt (len $given) 1 -}}
{{- fail (printf "more than one Redis: %s are set; keep one of them (redis.bundled.enabled=false turns the bundled one off)" (join " and " $given)) -}}
{{- end -}}
{{- end }}

{{/* The Secret that holds the URL: the user's, else the chart's. */}}
{{- define "statusgraph.redisSecret" -}}
{{ default (printf "%s-redis" (include "statusgraph.fullname" .)) .Values.redis.existingSecret.name }}
{{- end }}

{{/* Its key. */}}
{{- define "statusgraph.redisKey" -}}
{{ if .Values.redis.existingSecret.name }}{{ .Values.redis.existingSecret.key }}{{ else }}url{{ end }}
{{- end }}

{{/*
The bundled Redis' password: the given one, else that of the release's Secret, else a new one. It is kept in .Values:
each use would make another one.
*/}}
{{- define "statusgraph.redisPassword" -}}
{{- $bundled := .Values.redis.bundled -}}
{{- if not $bundled.password -}}
{{- $kept := (lookup "v1" "Secret" .Release.Namespace (include "statusgraph.redisSecret" .)).data | default dict -}}
{{- $_ := set $bundled "password" (get $kept "password" | b64dec | default (randAlphaNum 32)) -}}
{{- end -}}
{{- $bundled.password -}}
{{- end }}

{{/* The URL where the chart knows it, else nothing: then it is in the user's Secret. */}}
{{- define "statusgraph.redisUrl" -}}
{{- if .Values.redis.bundled.enabled -}}
redis://:{{ include "statusgraph.redisPassword" . }}@{{ include "statusgraph.fullname" . }}-redis:6379/0
{{- else -}}
{{ .Values.redis.url }}
{{- end -}}
{{- end }}
