export declare class Page {
  readonly number: number
}
