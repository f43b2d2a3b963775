#!/usr/bin/env node
// The `ftps` command. It stands outside dist/ so that package managers can link it before the first build.
await import('./dist/main.js');
