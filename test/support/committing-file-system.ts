// A local file system that keeps account of what took effect: each commit, and what was seen of the name meanwhile.
import { LocalFileSystem, type FileStat, type WriteHandle, type WriteMode } from '@ftps-kit/ftps-server';

/** One upload that took effect. */
export interface Commit {
  readonly path: string;
  readonly kind: WriteMode['kind'];
  /** Bytes that it wrote. */
  readonly bytes: number;
  /** Whether somebody looked between its beginning and its end, and was told that there is no such file. */
  readonly wasMissed: boolean;
}

export class CommittingFileSystem extends LocalFileSystem {
  readonly commits: Commit[] = [];
  /** Called when an upload has taken effect, before anybody is told. */
  onCommit: (commit: Commit) => void = () => undefined;
  /** Uploads under way, and whether they were missed. */
  readonly #open = new Map<string, Set<{ wasMissed: boolean }>>();

  override async stat(path: string): Promise<FileStat> {
    try {
      return await super.stat(path);
    } catch (error) {
      for (const upload of this.#open.get(path) ?? []) upload.wasMissed = true;
      throw error;
    }
  }

  override async openWrite(path: string, mode: WriteMode): Promise<WriteHandle> {
    const file = await super.openWrite(path, mode);
    const upload = { wasMissed: false };
    const uploads = this.#open.get(path) ?? new Set();
    this.#open.set(path, uploads.add(upload));
    let bytes = 0;
    return {
      inPlace: file.inPlace,
      write: async (chunk) => {
        await file.write(chunk);
        bytes += chunk.length;
      },
      commit: async () => {
        const stat = await file.commit();
        uploads.delete(upload);
        const commit = { path, kind: mode.kind, bytes, wasMissed: upload.wasMissed };
        this.commits.push(commit);
        this.onCommit(commit);
        return stat;
      },
      abort: () => {
        uploads.delete(upload);
        return file.abort();
      },
    };
  }

  /** What took effect under a name, in order. */
  of(path: string): readonly Commit[] {
    return this.commits.filter((commit) => commit.path === path);
  }
}
