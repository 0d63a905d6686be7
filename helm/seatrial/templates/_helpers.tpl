{{- define "seatrial.name" -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "seatrial.serviceAccount" -}}
{{- .Values.serviceAccount.name | default (include "seatrial.name" .) -}}
{{- end -}}

{{- define "seatrial.selector" -}}
app.kubernetes.io/name: seatrial-operator
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "seatrial.labels" -}}
{{ include "seatrial.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end -}}

{{- define "seatrial.namespaceLabel" -}}
{{- $label := .Values.prometheus.namespaceLabel -}}
{{- $own := list "model_namespace" "model_name" "revision" "version" "control" "traffic" "outcome" "result" "class" "feature"
    "bin" "reason" "window" "le" "seatrial_action" "seatrial_reason" "alertname" "alertstate" "severity" -}}
{{- if or (has $label $own) (regexMatch "^(__|exported_)" $label) -}}
{{- fail (printf "prometheus.namespaceLabel is %s; expected the label that scrape configurations set to a pod's namespace, such as namespace or kubernetes_namespace" $label) -}}
{{- end -}}
{{- $label -}}
{{- end -}}

{{- define "seatrial.windows" -}}
{{- $windows := list -}}
{{- range .Values.rules.windows -}}
{{- if has .window $windows -}}
{{- fail (printf "rules.windows names %s twice; name each window once" .window) -}}
{{- end -}}
{{- $windows = append $windows .window -}}
{{- end -}}
{{- join "," $windows -}}
{{- end -}}
