{{- define "spillway.lab.name" -}}
{{- printf "%s-lab" (include "spillway.fullname" . | trunc 59 | trimSuffix "-") -}}
{{- end -}}

{{- /* What selects the lab's pod: the exporter of the nodes has the same name and instance. */ -}}
{{- define "spillway.lab.selectorLabels" -}}
app.kubernetes.io/name: {{ include "spillway.name" . }}-lab
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "spillway.lab.labels" -}}
{{- $more := merge (include "spillway.lab.selectorLabels" . | fromYaml) (dict "app.kubernetes.io/component" "lab") -}}
{{- merge $more (include "spillway.labels" . | fromYaml) | toYaml -}}
{{- end -}}

{{- /* An image beside the chart's own. */ -}}
{{- define "spillway.lab.k6Image" -}}
{{- with .Values.lab.k6.image -}}
{{- $registry := default .registry $.Values.global.imageRegistry -}}
{{- printf "%s:%s" (ternary .repository (printf "%s/%s" $registry .repository) (empty $registry)) .tag -}}
{{- end -}}
{{- end -}}

{{- /* What a container of the lab may: nothing but `add`. */ -}}
{{- define "spillway.lab.rights" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
{{- if .add }}
runAsUser: 0
runAsGroup: 0
runAsNonRoot: false
{{- else }}
runAsUser: {{ default 1000 .user }}
runAsGroup: {{ default 1000 .user }}
runAsNonRoot: true
{{- end }}
capabilities: { drop: [ALL], add: {{ .add | toJson }} }
{{- end -}}

{{- /* Whether a service answers; it may be on the pod's loopback alone. Where clients are apart, what is counted in the pod is what
they do: there it is asked whether somebody listens (state 0A), and nothing connects. */ -}}
{{- define "spillway.lab.probe" -}}
startupProbe:
  {{- if .apart }}
  exec: { command: [grep, -q, {{ printf ":%04X 00000000:0000 0A " (int .port) | quote }}, /proc/net/tcp] }
  {{- else }}
  exec: { command: [healthy, {{ .port | quote }}] }
  {{- end }}
  periodSeconds: 1
  timeoutSeconds: 5
  failureThreshold: 120
{{- end -}}

{{- /* The environment of load/k6/common.ts. */ -}}
{{- define "spillway.lab.k6Environment" -}}
- { name: TARGET, value: {{ .target | quote }} }
{{- range $name, $value := dict "RATE" .load.rate "PEAK" .load.peak "DURATION" .load.duration "REQUESTS" .load.requests "TIMEOUT" .load.timeout }}
{{- if $value }}
- { name: {{ $name }}, value: {{ $value | toString | quote }} }
{{- end }}
{{- end }}
{{- end -}}

{{- /* Sysctls that a kubelet allows in a pod without being told to. */ -}}
{{- define "spillway.lab.safeSysctls" -}}
net.ipv4.ip_local_port_range net.ipv4.tcp_syncookies net.ipv4.ping_group_range net.ipv4.ip_unprivileged_port_start net.ipv4.ip_local_reserved_ports net.ipv4.tcp_keepalive_time net.ipv4.tcp_fin_timeout net.ipv4.tcp_keepalive_intvl net.ipv4.tcp_keepalive_probes net.ipv4.tcp_rmem net.ipv4.tcp_wmem
{{- end -}}

{{- define "spillway.lab.unsafeSysctls" -}}
{{- $safe := splitList " " (include "spillway.lab.safeSysctls" .) -}}
{{- $unsafe := list -}}
{{- range keys .Values.lab.sysctls | sortAlpha }}{{ if not (has . $safe) }}{{ $unsafe = append $unsafe . }}{{ end }}{{ end -}}
{{- join "," $unsafe -}}
{{- end -}}
