// Puts GraphiQL on the page: queries and mutations by fetch, subscriptions by graphql-transport-ws, both with the
// browser's session cookie, or with the Authorization header from the page's header editor.
'use strict';

const url = new URL('/graphql', location.href);
const socketUrl = new URL(url);
socketUrl.protocol = url.protocol.replace('http', 'ws');

// One client for each Authorization; each opens its socket with its first subscription.
const clients = new Map();

function clientFor(authorization) {
  if (!clients.has(authorization)) {
    const client = graphqlWs.createClient({
      url: socketUrl.href,
      connectionParams: authorization ? { authorization } : undefined,
    });
    clients.set(authorization, client);
  }
  return clients.get(authorization);
}

function authorizationIn(headers) {
  const found = Object.entries(headers ?? {}).find(([name]) => name.toLowerCase() === 'authorization');
  return found?.[1] ?? '';
}

function fetcher(params, options) {
  const wsClient = clientFor(authorizationIn(options?.headers));
  const fetch = GraphiQL.createFetcher({ url: url.href, wsClient, enableIncrementalDelivery: false });
  return fetch(params, options);
}

ReactDOM.createRoot(document.getElementById('graphiql')).render(
  React.createElement(GraphiQL, {
    fetcher,
    defaultEditorToolsVisibility: true,
    shouldPersistHeaders: false,
    defaultQuery: `# 网签 GraphQL API。左上角第一个图标打开文档。
# 先登录，浏览器会保存会话，再运行其他查询和订阅：
#
#   mutation {
#     logIn(input: {
#       identifier: "手机号/身份证号/邮箱"
#       password: "密码"
#     }) {
#       userErrors { message }
#     }
#   }

query {
  viewer {
    __typename
  }
}
`,
  }),
);
