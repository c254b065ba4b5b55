// Types and documents for src/api/operations.graphql, from the committed schema; works without network.
import type { CodegenConfig } from "@graphql-codegen/cli";

const config: CodegenConfig = {
  schema: "../schema.graphql",
  documents: "src/api/*.graphql",
  generates: {
    "src/api/generated.ts": {
      plugins: ["typescript-operations", "typed-document-node"],
      config: {
        documentMode: "string",
        enumsAsTypes: true,
        useTypeImports: true,
        skipTypename: true,
        dedupeFragments: true,
        scalars: { UUID: "string", DateTime: "string", Date: "string", JSON: "unknown", Long: "number" },
      },
    },
  },
};

export default config;
