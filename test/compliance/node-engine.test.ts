import { selectEngine } from '@ftps-kit/tls-core';
import { tlsEngineCompliance } from './tls-engine.js';

tlsEngineCompliance(() => selectEngine('node'));
