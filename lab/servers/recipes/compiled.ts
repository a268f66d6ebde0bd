/** Small programs of Go, Java and Rust, built before. */
import type { Recipe } from '../recipe.ts'

export const compiled: readonly Recipe[] = [
  {
    name: 'go-net-http',
    title: 'Go `net/http`',
    install: 'apt install golang-go',
    programs: ['go'],
    prepare: [['go', 'build', '-o', '{folder}/app', '{apps}/net_http.go']],
    version: ['go', 'version'],
    command: ['{folder}/app'],
  },
  {
    name: 'java-httpserver',
    title: 'Java `HttpServer`',
    install: 'apt install default-jdk-headless',
    programs: ['javac', 'java'],
    prepare: [['javac', '-d', '{folder}', '{apps}/JavaHttp.java']],
    version: ['java', '-version'],
    command: ['java', '-cp', '{folder}', 'JavaHttp'],
  },
  {
    name: 'jetty',
    title: 'Jetty',
    install: 'apt install maven; the pom beside the app names it',
    programs: ['mvn', 'java'],
    prepare: [
      ['cp', '-r', '{apps}/jetty', '{folder}'],
      ['mvn', '-q', '-f', '{folder}/jetty/pom.xml', 'compile', 'dependency:copy-dependencies', '-DoutputDirectory=lib'],
    ],
    version: ['sh', '-c', 'ls jetty/lib | sed -n "s/^jetty-server-//p"'],
    command: ['java', '-cp', '{folder}/jetty/target/classes:{folder}/jetty/lib/*', 'App'],
  },
  {
    name: 'rust-tokio',
    title: 'Rust, tokio',
    install: 'apt install cargo; Cargo.toml beside the app names it',
    programs: ['cargo'],
    prepare: [
      ['cp', '-r', '{apps}/tokio', '{folder}'],
      ['cargo', 'build', '--quiet', '--release', '--manifest-path', '{folder}/tokio/Cargo.toml'],
    ],
    version: ['sh', '-c', 'grep -A1 \'name = "tokio"\' tokio/Cargo.lock'],
    command: ['{folder}/tokio/target/release/app'],
  },
  {
    name: 'rust-std',
    title: 'Rust, a thread for each client',
    install: 'apt install rustc',
    programs: ['rustc'],
    prepare: [['rustc', '-O', '-o', '{folder}/app', '{apps}/std_thread.rs']],
    version: ['rustc', '--version'],
    command: ['{folder}/app'],
  },
]
