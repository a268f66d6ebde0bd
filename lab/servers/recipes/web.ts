/** Web servers and proxies. */
import type { Recipe } from '../recipe.ts'

const nginx = (conf: string): Pick<Recipe, 'install' | 'programs' | 'version' | 'command'> => ({
  install: 'apt install nginx-light',
  programs: ['nginx'],
  version: ['nginx', '-v'],
  command: ['nginx', '-p', '{folder}', '-c', `{apps}/${conf}`],
})

export const web: readonly Recipe[] = [
  { name: 'nginx', title: 'nginx', ...nginx('nginx.conf') },
  {
    name: 'nginx-reuseport',
    title: 'nginx, `reuseport`',
    ...nginx('nginx-reuseport.conf'),
    belief: {
      that: 'With `reuseport` the sockets of the workers share the backlog',
      seen({ listens }) {
        const { sockets, limit } = listens ?? {}
        return Number(sockets) > 1 && limit === 511 ? `${sockets} sockets, each with all of its 511` : undefined
      },
    },
  },
  {
    name: 'haproxy',
    title: 'HAProxy',
    install: 'apt install haproxy',
    programs: ['haproxy'],
    version: ['haproxy', '-v'],
    command: ['haproxy', '-W', '-db', '-f', '{apps}/haproxy.cfg'],
  },
  {
    name: 'apache-event',
    title: 'Apache (event)',
    install: 'apt install apache2-bin',
    programs: ['apache2'],
    version: ['apache2', '-v'],
    command: ['apache2', '-DFOREGROUND', '-f', '{apps}/apache.conf'],
  },
  {
    name: 'lighttpd',
    title: 'lighttpd',
    install: 'apt install lighttpd',
    programs: ['lighttpd'],
    version: ['lighttpd', '-v'],
    command: ['lighttpd', '-D', '-f', '{apps}/lighttpd.conf'],
  },
  {
    name: 'varnish',
    title: 'Varnish',
    install: 'apt install varnish',
    programs: ['varnishd'],
    version: ['varnishd', '-V'],
    command: ['varnishd', '-F', '-n', '{folder}/work', '-a', ':{port}', '-f', '{apps}/varnish.vcl'],
  },
]
