// Lints a GraphQL schema by the rules of eslint.config.mjs: node lint-schema.mjs [FILE]
// Without a file, the published schema. Exits with 1 if there is anything to say.
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ESLint } from 'eslint';

const here = dirname(fileURLToPath(import.meta.url));
const file = resolve(process.argv[2] ?? join(here, '../../schema/schema.graphql'));
const eslint = new ESLint({
  cwd: here,
  // Rules that look across the document need the whole schema, not only the part under the cursor.
  overrideConfig: { languageOptions: { parserOptions: { graphQLConfig: { schema: file } } } },
});
// ESLint looks only at files below its own folder, so the text is handed over under a name in it.
const results = await eslint.lintText(await readFile(file, 'utf8'), { filePath: join(here, 'schema.graphql') });
const formatter = await eslint.loadFormatter('stylish');
const said = await formatter.format(results);
if (said) console.log(said);
const count = results.reduce((sum, result) => sum + result.messages.length, 0);
console.log(`${file}: ${count === 0 ? 'nothing to complain of' : `${count} complaints`}`);
process.exitCode = count === 0 ? 0 : 1;
