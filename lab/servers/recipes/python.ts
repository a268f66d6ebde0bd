/** Servers of Python. */
import type { Recipe } from '../recipe.ts'

const gunicorn = (...options: string[]): Pick<Recipe, 'install' | 'programs' | 'version' | 'command'> => ({
  install: 'pip install gunicorn',
  programs: ['gunicorn'],
  version: ['gunicorn', '--version'],
  command: ['gunicorn', '--chdir', '{apps}', '--bind', '{address}:{port}', ...options, 'wsgi_app:app'],
})

export const python: readonly Recipe[] = [
  { name: 'gunicorn-sync', title: 'gunicorn, 2 workers (sync)', ...gunicorn('--workers', '2') },
  {
    name: 'gunicorn-gthread',
    title: 'gunicorn, 2 workers with 4 threads (gthread)',
    ...gunicorn('--workers', '2', '--threads', '4'),
  },
  {
    name: 'uvicorn',
    title: 'uvicorn, 2 workers',
    install: 'pip install uvicorn',
    programs: ['uvicorn'],
    version: ['uvicorn', '--version'],
    command: [
      'uvicorn',
      ...['--app-dir', '{apps}', '--host', '{address}', '--port', '{port}', '--workers', '2'],
      ...['--log-level', 'warning', 'asgi_app:app'],
    ],
  },
  {
    name: 'hypercorn',
    title: 'Hypercorn',
    install: 'pip install hypercorn',
    programs: ['hypercorn'],
    version: ['pip', 'show', 'hypercorn'],
    command: ['hypercorn', '--bind', '{address}:{port}', '{apps}/asgi_app.py:app'],
  },
  {
    name: 'granian',
    title: 'Granian, 2 workers',
    install: 'pip install granian',
    programs: ['granian'],
    version: ['granian', '--version'],
    command: [
      'granian',
      ...['--interface', 'asgi', '--working-dir', '{apps}', '--host', '{address}', '--port', '{port}'],
      ...['--workers', '2', 'asgi_app:app'],
    ],
  },
  {
    name: 'uwsgi',
    title: 'uWSGI, 2 processes',
    install: 'apt install uwsgi-plugin-python3',
    programs: ['uwsgi-core'],
    version: ['uwsgi-core', '--version'],
    command: [
      'uwsgi-core',
      ...['--plugin', 'python3', '--http-socket', '{address}:{port}', '--master', '--processes', '2'],
      ...['--disable-logging', '--wsgi-file', '{apps}/wsgi_app.py', '--callable', 'app'],
    ],
  },
  {
    name: 'python-http-server',
    title: 'Python `http.server`',
    install: 'apt install python3',
    programs: ['python3'],
    version: ['python3', '--version'],
    command: ['python3', '-m', 'http.server', '--bind', '{address}', '--directory', '{folder}', '{port}'],
    belief: {
      that: 'It serves one client at a time, so a silent one blocks it',
      seen: ({ silent }) =>
        silent !== undefined && silent.served === silent.others
          ? `beside a silent client all ${silent.others} others were served: since Python 3.7 each client has a thread`
          : undefined,
    },
  },
  {
    name: 'asyncio',
    title: 'Python asyncio',
    install: 'apt install python3',
    programs: ['python3'],
    version: ['python3', '--version'],
    command: ['python3', '{apps}/asyncio_app.py'],
  },
]
