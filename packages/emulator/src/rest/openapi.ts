import type { Fields } from '../json/index.ts';
import { dialectName } from '../json/index.ts';
import { routes } from './routes.ts';

/** A small true OpenAPI document: the paths of all dialects with their methods and parameters, and no schemas. */
export function openapiDocument(release: string, dialects: readonly number[]): Fields {
  const paths: Record<string, Record<string, Fields>> = {};
  for (const dialect of dialects) {
    for (const { plane, path, method, from = 0, to = 99 } of routes) {
      if (dialect < from || dialect > to) continue;
      const full = `/${plane}/${dialectName(dialect)}/${path}`;
      paths[full] ??= {};
      paths[full][method.toLowerCase()] = operation(plane, dialect, path, method);
    }
  }
  return {
    openapi: '3.0.3',
    info: { title: 'Slurm REST API', description: 'API to access and control Slurm', version: `Slurm-${release}` },
    tags: [
      { name: 'slurm', description: 'methods that query slurmctld' },
      { name: 'slurmdb', description: 'methods that query slurmdbd' },
      { name: 'openapi', description: 'methods that query for generated OpenAPI specifications' },
    ],
    servers: [{ url: '/' }],
    security: [{ user: [], token: [] }, { bearerAuth: [] }],
    components: {
      securitySchemes: {
        user: { type: 'apiKey', name: 'X-SLURM-USER-NAME', in: 'header' },
        token: { type: 'apiKey', name: 'X-SLURM-USER-TOKEN', in: 'header' },
        bearerAuth: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
      },
    },
    paths,
  };
}

function operation(plane: string, dialect: number, path: string, method: string): Fields {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  const id = path.replace(/\/?\{\w+\}/g, '').replaceAll('/', '_');
  return {
    tags: [plane],
    operationId: `${plane}_v00${dialect}_${method.toLowerCase()}_${id}`,
    parameters: names.map((name) => ({ name, in: 'path', required: true, schema: { type: 'string' } })),
    responses: { default: { description: 'what Slurm says' } },
  };
}
