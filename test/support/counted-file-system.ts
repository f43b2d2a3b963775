// Files in memory that count how often they are read, and whose hashes can be made to take their time.
import { once } from 'node:events';
import { MemoryFileSystem, type FileHash, type HashRequest, type ReadHandle } from '@ftps-kit/ftps-server';

export class CountedFileSystem extends MemoryFileSystem {
  /** Files that were opened for reading, and hashes that were made of their bytes. */
  reads = 0;
  /** Hashes under way end only by their signal. */
  hashesHang = false;
  /** Called when a hash begins that hangs. */
  onHang: () => void = () => undefined;

  override openRead(path: string, options: { readonly start: number }): Promise<ReadHandle> {
    this.reads += 1;
    return super.openRead(path, options);
  }

  override async hash(path: string, request: HashRequest): Promise<FileHash> {
    this.reads += 1;
    if (this.hashesHang) {
      this.onHang();
      if (!request.signal.aborted) await once(request.signal, 'abort');
    }
    return super.hash(path, request);
  }
}
