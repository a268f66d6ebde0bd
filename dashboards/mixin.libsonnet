// Boards, alerts and recorded series as a mixin (https://monitoring.mixins.dev): what `npm run dashboards` writes, for those
// who deploy Grafana and Prometheus with Jsonnet.
local groups = std.flatMap(
  function(file) std.parseYaml(file).groups,
  [
    importstr '../deploy/prometheus/rules/recording.yml',
    importstr '../deploy/prometheus/rules/spillway.yml',
  ],
);

// The groups with only those of their rules that have this field.
local only(field) = [
  group { rules: [rule for rule in group.rules if std.objectHas(rule, field)] }
  for group in groups
  if std.length([rule for rule in group.rules if std.objectHas(rule, field)]) > 0
];

{
  grafanaDashboardFolder:: 'Spillway',
  grafanaDashboards+:: {
    'spillway-fleet.json': import 'json/fleet.json',
    'spillway-queues.json': import 'json/queues.json',
    'spillway-listener.json': import 'json/listener.json',
    'spillway-connections.json': import 'json/connections.json',
    'spillway-handshake.json': import 'json/handshake.json',
    'spillway-exporter.json': import 'json/exporter.json',
  },
  prometheusAlerts+:: { groups+: only('alert') },
  prometheusRules+:: { groups+: only('record') },
}
