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
