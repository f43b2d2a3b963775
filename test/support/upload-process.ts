// A process of its own that writes into a folder by a LocalFileSystem until it is killed: `root`, `path` as arguments.
import { LocalFileSystem } from '@ftps-kit/ftps-server';

const [root = '', path = ''] = process.argv.slice(2);
const upload = await new LocalFileSystem(root).openWrite(path, { kind: 'replace' });
await upload.write(Buffer.from('half of it'));
process.send?.('written');
// Nothing is to come: it waits to be killed.
process.on('message', () => undefined);
