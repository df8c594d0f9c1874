// Part of a stand-in for Vers, for tests alone: an error that the command line prints. `code` is for a remote command's.
export class Failure extends Error {
  constructor(message, { code, quiet = false } = {}) {
    super(message);
    this.code = code;
    this.quiet = quiet;
  }
}
