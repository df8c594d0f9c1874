/** The address of any database: main, a branch or a checkpoint. */
export interface Target {
  /** Always present, without a password when it is shown to anybody. For SQLite `sqlite:/absolute/path`. */
  readonly url: string;
  /** Absolute path of the database file, for engines that have one. */
  readonly path?: string;
  /**
   * What the database variable (`DATABASE_URL` by default) is set to for programs that shall reach this database.
   * It has the form that main's own address was given in, so a program that reads a bare path goes on getting one.
   */
  readonly variable: string;
  /** Present for what is thrown away when its run ends, whatever happens: what is written there need not outlive a power failure. */
  readonly passing?: true;
}
