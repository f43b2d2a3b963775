import { tlsEngineCompliance } from './tls-engine.js';
import { selectEngine } from '@ftps-kit/tls-core';

tlsEngineCompliance(() => selectEngine('node'));
