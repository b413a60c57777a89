/** (Signatures first; the body follows.) All tables of a database, by id; follows the changes of the catalog. */
import type { CatalogChange } from '../catalog/index.ts'
import type { Replay } from './log/log.ts'
import type { RowTable } from './row/table.ts'

export declare class Store {
  table(id: number): RowTable | null
  /** What recovery hands to the log's replay: rebuilds tables and indexes; `payload` of a catalog change goes to `applyCatalog` first. */
  replay(
    applyCatalog: (payload: string) => CatalogChange,
    progress: (bytesDone: number, bytesTotal: number) => void,
  ): Replay & { readonly timestamp: number }
}
