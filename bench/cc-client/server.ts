import { systemClock } from '@sluice/io';
import { generateKeys, labCluster, mintToken, startCcBackend } from '@sluice/standins';

/** The stand-in of cc-backend in a process of its own, so that its work is not counted; tells its address and a token. */
const keys = generateKeys();
const backend = await startCcBackend({ clusters: [labCluster()], publicKey: keys.publicKey, clock: systemClock() });
process.on('disconnect', () => process.exit());
process.send?.({ url: backend.url, token: mintToken(keys, { name: 'sluice', roles: ['api'] }, Math.floor(Date.now() / 1000)) });
