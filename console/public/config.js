// Where the page's APIs are, where that is not where the page came from: docs/aws.md, "The page". Whoever puts
// the page somewhere writes a file of their own in place of this one:
// window.BUSBAR = { sync: 'https://api.example', stream: '/stream/', websocket: 'wss://ws.example/live' }
