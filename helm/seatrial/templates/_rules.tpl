{{- /* A file of rules, with all filled in that is the same in every group. */ -}}
{{- define "seatrial.rulesFile" -}}
{{- $label := include "seatrial.namespaceLabel" .root -}}
{{- $operator := printf "%s=%q" $label .root.Release.Namespace -}}
{{- .root.Files.Get .file | trim | replace "<docs>" .root.Values.rules.docs | replace "<namespace>" $label
    | replace "<operator>" $operator | replace "<recorded>" (printf "%s=\"\"" $label) -}}
{{- end -}}

{{- /* All rule groups, the same for a rules file and for a PrometheusRule. */ -}}
{{- define "seatrial.rules" -}}
{{- $window := include "seatrial.rulesFile" (dict "root" . "file" "rules/window.yml") -}}
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
{{ include "seatrial.rulesFile" (dict "root" . "file" "rules/operator.yml") | replace "<trialOpenFor>" .Values.rules.trialOpenFor | indent 2 }}
{{- end }}
{{- end -}}
