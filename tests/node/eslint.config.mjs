// The rules for the published schema: every schema rule of graphql-eslint and its Relay rules, apart from those that
// are switched off below with the reason.
import graphql from '@graphql-eslint/eslint-plugin';

const { configs } = graphql;

export default [
  {
    files: ['**/*.graphql'],
    languageOptions: { parser: graphql.parser },
    plugins: { '@graphql-eslint': graphql },
    rules: {
      ...configs['flat/schema-all'].rules,
      ...configs['flat/schema-relay'].rules,

      // Stricter than the preset: every field, argument, input field and enum value is described, too.
      '@graphql-eslint/require-description': [
        'error',
        {
          types: true,
          DirectiveDefinition: true,
          rootField: true,
          FieldDefinition: true,
          InputValueDefinition: true,
          EnumValueDefinition: true,
          ignoredSelectors: [
            // A mutation's only argument, whose type says everything.
            '[type=InputValueDefinition][name.value=input]',
            // Those of GraphQL's own directives, which the exporter prints.
            'DirectiveDefinition > InputValueDefinition',
          ],
        },
      ],

      // The exporter sorts everything by name, `id` as well.
      '@graphql-eslint/alphabetize': [
        'error',
        {
          definitions: false,
          fields: ['ObjectTypeDefinition', 'InterfaceTypeDefinition', 'InputObjectTypeDefinition'],
          values: true,
          arguments: ['FieldDefinition', 'DirectiveDefinition'],
        },
      ],
      // The argument's name is checked; the type is not, because steps that say the same share one input.
      '@graphql-eslint/input-name': ['error', { checkInputType: false }],
      // `nodes` beside `edges`, and short lists that need no paging, are fine; so are edges to the events of a history,
      // which are nothing without their case.
      '@graphql-eslint/relay-edge-types': [
        'error',
        { withEdgeSuffix: true, shouldImplementNode: false, listTypeCanWrapOnlyEdgeType: false },
      ],

      // The exporter chooses between "…" and """…""" by the description's lines.
      '@graphql-eslint/description-style': 'off',
      // This API has mutations and subscriptions.
      '@graphql-eslint/no-root-type': 'off',
      // `agreementNumber` (协议编号) and a code's `code` (代码) are the domain's own words.
      '@graphql-eslint/no-typename-prefix': 'off',
      // A payload carries the changed object with its global id, from which everything else can be asked.
      '@graphql-eslint/require-field-of-type-query-in-mutation-result': 'off',
      // Refusals are `userErrors` of a payload, so there always is one; what fails otherwise fails as a whole.
      '@graphql-eslint/require-nullable-result-in-root': 'off',
      // Types with an identity implement Node and have an id by that; values, payloads and edges have none.
      '@graphql-eslint/strict-id-in-types': 'off',
    },
  },
];
