import { notInstalled } from './not-installed.ts';

/** The slice of pg's `Client` that Forerun calls. */
export interface PostgresClient {
  /** What the server, or a pooler before it, said of the session when it began. */
  readonly processID: number | null;
  /** What it was told to connect to. */
  readonly connectionParameters: { database?: string };
  readonly host: string;
  readonly port: number;
  readonly database: string | undefined;
  readonly user: string | undefined;
  readonly password: string | null | undefined;
  connect(): Promise<unknown>;
  query(query: QueryConfig): Promise<Answer | readonly Answer[]>;
  query(query: StreamedQuery): StreamedQuery;
  on(event: 'error', listener: (error: Error) => void): unknown;
  end(): Promise<void>;
}

export interface QueryConfig {
  readonly text: string;
  /** Of a prepared statement. */
  readonly name?: string;
  readonly values?: unknown[];
  readonly types?: TypeParsers;
}

export interface Answer {
  readonly rows: Record<string, unknown>[];
}

/** pg's `Query`; with a listener for rows it keeps none. */
export interface StreamedQuery {
  on(event: 'row', listener: () => void): unknown;
  on(event: 'end', listener: (answer: { readonly command: string; readonly rowCount: number | null }) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
}

export interface TypeParsers {
  getTypeParser(oid: number, format?: string): (value: string) => unknown;
}

export interface ClientOptions {
  readonly connectionString: string;
  readonly application_name: string;
  readonly connectionTimeoutMillis: number;
  readonly keepAlive: boolean;
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
}

/** The slice of the package `pg`. */
interface Package {
  readonly Client: new (options: Partial<ClientOptions>) => PostgresClient;
  readonly Query: new (text: string) => StreamedQuery;
  readonly types: TypeParsers;
}

/** Loads the client, which is an optional peer: whoever has no PostgreSQL need not install it. */
export async function loadClient(): Promise<Package> {
  try {
    // Its own types know neither its `Query` nor parsers for one query alone.
    return (await import('pg')) as unknown as Package;
  } catch (error) {
    throw notInstalled('pg', error);
  }
}
