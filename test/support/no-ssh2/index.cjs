// Stands in for ssh2 (package.json, "overrides"): the tests speak to Docker over its local socket.
exports.Client = class Client {
  constructor() {
    throw new Error(
      'The tests reach no Docker engine over SSH: run them on the machine of the engine, or unset DOCKER_HOST',
    )
  }
}
