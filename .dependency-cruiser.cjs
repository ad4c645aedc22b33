// Who may import whom. `npm run check` holds the tree to it.
const NODE_IO = '^(node:)?(fs|net|http|https|child_process|dns|tls|dgram|worker_threads)'
const only = (name, from, allowed) => ({
  name,
  severity: 'error',
  from: { path: from },
  to: { path: '^(src|commands)/', pathNot: [from, ...allowed] },
})

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'pure',
      severity: 'error',
      from: { path: '^src/(domain/|errors|queue/queues|tools/protocol)' },
      to: { path: NODE_IO },
    },
    only('domain', '^src/domain/', ['^src/errors', '^src/queue/queues', '^src/tools/protocol']),
    only('errors', '^src/errors', []),
    only('queues-table', '^src/queue/queues', []),
    only('commands', '^commands/', [
      '^src/domain/',
      '^src/errors',
      '^src/queue/',
      '^src/store/',
      '^src/files/files',
      '^src/chat/chat',
    ]),
    only('stages', '^src/stages/', [
      '^src/(domain|queue|store|files|tools|telemetry)/',
      '^src/chat/chat',
      '^src/(errors|config|log)',
    ]),
    only('chat', '^src/chat/', [
      '^commands/',
      '^src/(domain|store|queue|files|telemetry)/',
      '^src/(errors|config|log|services|signals|findings)',
      '^src/web/',
    ]),
    // What runs in a browser knows of the rest no more than what is sent to and fro.
    only('pages', '^src/pages/', ['^src/chat/room/wire', '^src/web/(admin|results)/wire']),
    // The results pages read what is delivered; everything else is handed in by whoever serves it.
    only('web', '^src/web/(?!admin/)', [
      '^src/(domain|store)/',
      '^src/files/files',
      '^src/tools/protocol',
      '^src/(errors|log)',
    ]),
    // The operator's pages pause, scale, cancel and retry as the commands do.
    only('admin', '^src/web/admin/', [
      '^src/web/',
      '^src/(domain|store|queue|telemetry)/',
      '^src/(errors|log)',
    ]),
    only('queue', '^src/queue/', ['^src/(domain|store|telemetry)/', '^src/files/files', '^src/(errors|log)']),
    only('store', '^src/store/', ['^src/(domain|telemetry)/', '^src/queue/queues', '^src/(errors|log)']),
    only('files', '^src/files/', ['^src/domain/', '^src/(errors|config|findings)']),
    only('telemetry', '^src/telemetry/', [
      '^src/(domain|store|queue/queues)',
      '^src/tools/(downloader|resident-bytes)',
      '^src/(errors|log)',
    ]),
    only('tools', '^src/tools/', ['^src/(domain|telemetry)/', '^src/(errors|config|log)']),
    {
      name: 'platform-sdks-stay-in-chat',
      severity: 'error',
      from: { path: '^(src|commands)/', pathNot: '^src/chat/' },
      to: { path: 'node_modules/(discord\\.js|@discordjs|@slack)' },
    },
    {
      name: 'opentelemetry-stays-in-telemetry',
      severity: 'error',
      from: { path: '^(src|commands)/', pathNot: '^src/telemetry/' },
      to: { path: 'node_modules/@opentelemetry' },
    },
    {
      name: 'traces-on-demand',
      severity: 'error',
      from: { path: '^(src|commands)/' },
      to: { path: '^src/telemetry/traces\\.', dynamic: false },
    },
    {
      name: 'sources-never-import-tests',
      severity: 'error',
      from: { path: '^(src|commands)/' },
      to: { path: '^(test|bench)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      extensions: ['.ts', '.mjs', '.js', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
    },
  },
}
