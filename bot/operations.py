"""Every operation the bot asks the server; a test holds them against schema.graphql."""

VIEWER = """query Viewer {
  viewer { name signIn role permissions locale merchant { code name } }
  locations { id code name kind scanPolicy }
}"""

LINK = """mutation ChatLink($input: ChatLinkInput!) {
  chatLink(input: $input) { name role locale merchantName userErrors { code message } }
}"""
UNLINK = """mutation ChatUnlink($input: ChatUnlinkInput!) {
  chatUnlink(input: $input) { ended userErrors { code message } }
}"""
MIGRATE = """mutation ChatMigrate($input: ChatMigrateInput!) {
  chatMigrate(input: $input) { moved userErrors { code message } }
}"""
LOCALE = """mutation ViewerLocale($input: ViewerLocaleInput!) {
  viewerLocale(input: $input) { locale userErrors { code message } }
}"""
BUTTONS = """mutation ChatButtons($input: ChatButtonsInput!) {
  chatButtons(input: $input) { keys userErrors { code message } }
}"""
PRESS = """mutation ButtonPress($input: ButtonPressInput!) {
  buttonPress(input: $input) {
    button { operation arguments }
    userErrors { code message }
  }
}"""
MESSAGES = """query ChatMessages($about: String!) {
  chatMessages(about: $about) { subjectId message contentHash }
}"""
REMEMBER = """mutation ChatMessageRemember($input: ChatMessageRememberInput!) {
  chatMessageRemember(input: $input) { remembered userErrors { code message } }
}"""
FORGET = """mutation ChatMessageForget($input: ChatMessageForgetInput!) {
  chatMessageForget(input: $input) { forgotten userErrors { code message } }
}"""

_SKU = "id code nameZh nameEn optionZh optionEn"
_LEVELS = """onHand free
  levels { location { code name } onHand reserved free incoming }
  balances { quantity allocated place { code } location { code } lot { code } }"""
LOOK = f"""query Look($term: String!) {{
  lookup(term: $term, limit: 8) {{
    __typename
    ... on Sku {{ {_SKU} {_LEVELS} barcodes {{ code }} }}
    ... on Place {{ code kind }}
    ... on Order {{ number externalId }}
    ... on FulfillmentOrder {{ number }}
    ... on Parcel {{ number }}
    ... on Wave {{ number }}
    ... on PickList {{ number }}
    ... on ExceptionTask {{ number }}
  }}
}}"""
SKU = f"query Sku($id: ID!) {{ sku(id: $id) {{ {_SKU} {_LEVELS} }} }}"

ORDERS = """query Orders($term: String!) {
  lookup(term: $term, limit: 5) {
    __typename
    ... on Order { ...Where }
    ... on FulfillmentOrder { order { ...Where } }
    ... on Parcel { fulfillmentOrder { order { ...Where } } }
  }
}
fragment Where on Order {
  number externalId paymentStatus cancelledAt shop { name }
  fulfillmentOrders {
    number status progress requestStatus shortQuantity interceptedAt shippedAt location { name }
    parcels { number state waybill { carrier number } }
  }
}"""

_SESSION = """id version job step instruction lastSequence questionId supportedActions
  location { id code scanPolicy }
  progress { done total }
  lease { pickList { id number } }
  next {
    placeCode skuCode skuName lotCode remaining toteCode orderNumber
    sku { id lotTracked serialTracked barcodes { code } }
  }"""
SESSION = f"query Session($id: ID!) {{ scanSession(id: $id) {{ {_SESSION} }} }}"
TASK_NEXT = f"""mutation FloorTaskNext($input: FloorTaskNextInput!) {{
  floorTaskNext(input: $input) {{ session {{ {_SESSION} }} userErrors {{ code message }} }}
}}"""
RECORD = f"""mutation ScanRecord($input: ScanRecordInput!) {{
  scanRecord(input: $input) {{
    verdicts {{ clientId outcome message tone repeated choices {{ id label }} task {{ number }} }}
    session {{ {_SESSION} }}
    userErrors {{ code message }}
  }}
}}"""
WALK = """query Walk($list: ID!) {
  pickList(id: $list) {
    wave { kind }
    lines { status quantity pickedQuantity shortQuantity place { code } sku { id } }
  }
}"""
CLOSE = """mutation ScanSessionClose($input: ScanSessionCloseInput!) {
  scanSessionClose(input: $input) { session { id } userErrors { code message } }
}"""

CHATS_WAITING = """query ChatsWaiting($messenger: Messenger!) {
  chatsWaiting(messenger: $messenger) { account chat locale }
}"""
NOTICES_WAITING = """query NoticesWaiting {
  noticesWaiting {
    notice { id version kind state text actions { operation subjectId version arguments } }
    delivered attempts
  }
}"""
DELIVERED = """mutation NoticeDelivered($input: NoticeDeliveredInput!) {
  noticeDelivered(input: $input) { delivered userErrors { code message } }
}"""
FAILED = """mutation NoticeFailed($input: NoticeFailedInput!) {
  noticeFailed(input: $input) { failed userErrors { code message } }
}"""

SNOOZE = """mutation AlertSnooze($input: AlertSnoozeInput!) {
  alertSnooze(input: $input) { userErrors { code message } }
}"""
RESOLVE = """mutation AlertResolve($input: AlertResolveInput!) {
  alertResolve(input: $input) { userErrors { code message } }
}"""

_DROPSHIP = "id number side status version lines { quantity sku { code nameZh nameEn } }"
DROPSHIPS_WAITING = f"""query DropshipsWaiting {{
  dropships(side: SUPPLIER, statuses: [SUBMITTED], first: 100) {{ nodes {{ {_DROPSHIP} }} }}
}}"""
DROPSHIP = f"query Dropship($id: ID!) {{ dropship(id: $id) {{ {_DROPSHIP} }} }}"
DROPSHIP_ACCEPT = """mutation DropshipAccept($input: DropshipAcceptInput!) {
  dropshipAccept(input: $input) { userErrors { code message } }
}"""
DROPSHIP_REJECT = """mutation DropshipReject($input: DropshipRejectInput!) {
  dropshipReject(input: $input) { userErrors { code message } }
}"""
