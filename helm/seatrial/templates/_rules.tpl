{{- /* All rule groups, the same for a rules file and for a PrometheusRule. */ -}}
{{- define "seatrial.rules" -}}
{{- $docs := .Values.rules.docs -}}
{{- $window := .Files.Get "rules/window.yml" | trim | replace "<docs>" $docs -}}
groups:
{{- range .Values.rules.windows }}
- name: seatrial-{{ .window }}
  {{- with .interval }}
  interval: {{ . }}
  {{- end }}
  rules:
{{ $window | replace "<window>" .window | replace "<for>" .for | replace "<keepFiringFor>" .keepFiringFor | indent 2 }}
{{- end }}
{{- if .Values.rules.operator }}
- name: seatrial-operator
  rules:
{{ .Files.Get "rules/operator.yml" | trim | replace "<docs>" $docs | replace "<trialOpenFor>" .Values.rules.trialOpenFor | indent 2 }}
{{- end }}
{{- end -}}
