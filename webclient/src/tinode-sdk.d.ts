// What we use of tinode-sdk 0.25, which has no types of its own. Shapes of the
// wire: docs/protocol.md.
declare module 'tinode-sdk' {
  export interface Photo {
    data?: string; // base64; only without ref
    type?: string; // MIME subtype, e.g. "png"
    ref?: string; // path of a file on this server
    width?: number;
    height?: number;
    size?: number;
  }
  // The card of a user or group.
  export interface Card {
    fn?: string;
    note?: string;
    photo?: Photo;
    [more: string]: unknown;
  }
  export interface PrivateData {
    comment?: string;
    arch?: boolean | string;
    tpin?: string[] | string;
    [more: string]: unknown;
  }
  export interface AccessDict {
    want?: string;
    given?: string;
    mode?: string;
  }
  export class AccessMode {
    constructor(acs?: AccessMode | AccessDict | null);
    mode: number;
    static decode(mode: string | number): number | null;
    static encode(mode: number): string | null;
    static update(mode: number, delta: string): number;
    getMode(): string;
    getGiven(): string;
    getWant(): string;
    getMissing(): string;
    getExcessive(): string;
    updateAll(dacs: AccessDict): AccessMode;
    updateGiven(change: string): AccessMode;
    updateWant(change: string): AccessMode;
    // side: "want", "given" or "mode" (default)
    isOwner(side?: string): boolean;
    isPresencer(side?: string): boolean;
    isMuted(side?: string): boolean;
    isJoiner(side?: string): boolean;
    isReader(side?: string): boolean;
    isWriter(side?: string): boolean;
    isApprover(side?: string): boolean;
    isAdmin(side?: string): boolean;
    isSharer(side?: string): boolean;
    isDeleter(side?: string): boolean;
  }

  export interface Ctrl {
    id?: string;
    topic?: string;
    code: number;
    text: string;
    ts: Date;
    // eslint-disable-next-line -- as the server sends it
    params?: { [key: string]: any };
  }
  export interface Pres {
    topic: string;
    src?: string;
    what: string;
    seq?: number;
    clear?: number;
    act?: string;
    tgt?: string;
    ua?: string;
    dacs?: AccessDict;
  }
  export interface Info {
    topic: string;
    src?: string;
    from?: string;
    what: string;
    seq?: number;
    event?: string;
    payload?: unknown;
  }
  export interface SeqRange {
    low: number;
    hi?: number; // exclusive
  }
  export interface Format {
    at?: number;
    len?: number;
    tp?: string;
    key?: number;
  }
  export interface Entity {
    tp: string;
    // eslint-disable-next-line
    data?: { [key: string]: any };
  }
  export interface DraftyDoc {
    txt?: string;
    fmt?: Format[];
    ent?: Entity[];
  }
  export type Content = string | DraftyDoc;
  export interface Head {
    mime?: string;
    replace?: string;
    reply?: string;
    forwarded?: string;
    webrtc?: string;
    uid?: string;
    [more: string]: unknown;
  }
  // A message: as it came, or as it is to be sent.
  export interface Message {
    topic?: string;
    from?: string;
    seq: number;
    ts: Date;
    head?: Head;
    content?: Content;
    noecho?: boolean;
    hi?: number; // of a deleted range, exclusive
    low?: number;
    _deleted?: boolean;
    _status?: number;
    _sending?: boolean;
    _failed?: boolean;
    _fatal?: boolean;
    _cancelled?: boolean;
    _noForwarding?: boolean;
  }
  export interface Credential {
    meth: string;
    val?: string;
    resp?: string;
    done?: boolean;
    params?: unknown;
  }
  export interface Seen {
    when: Date;
    ua?: string;
  }
  // A subscription: of a contact in me, a member in a group, a search result.
  export interface Subscription {
    user?: string;
    topic?: string;
    updated?: Date;
    touched?: Date;
    deleted?: Date;
    online?: boolean;
    acs?: AccessMode;
    seq?: number;
    read?: number;
    recv?: number;
    subcnt?: number;
    public?: Card | null;
    trusted?: { [mark: string]: unknown } | null;
    private?: PrivateData | string[] | null;
    seen?: Seen;
  }
  export interface SetParams {
    desc?: { public?: unknown; private?: unknown; defacs?: { auth?: string; anon?: string }; [more: string]: unknown };
    sub?: { user?: string; mode?: string };
    tags?: string[];
    cred?: Credential;
    aux?: { [key: string]: unknown };
    attachments?: string[];
  }
  export interface GetParams {
    what?: string;
    [part: string]: unknown;
  }
  export interface MetaGetBuilder {
    withData(since?: number, before?: number, limit?: number): MetaGetBuilder;
    withLaterData(limit?: number): MetaGetBuilder;
    withDataRanges(ranges: SeqRange[], limit?: number): MetaGetBuilder;
    withDataList(list: number[]): MetaGetBuilder;
    withEarlierData(limit?: number): MetaGetBuilder;
    withDesc(ims?: Date): MetaGetBuilder;
    withLaterDesc(): MetaGetBuilder;
    withSub(ims?: Date, limit?: number, name?: string): MetaGetBuilder;
    withOneSub(ims?: Date, name?: string): MetaGetBuilder;
    withLaterOneSub(name: string): MetaGetBuilder;
    withLaterSub(limit?: number): MetaGetBuilder;
    withTags(): MetaGetBuilder;
    withCred(): MetaGetBuilder;
    withAux(): MetaGetBuilder;
    withDel(since?: number, limit?: number): MetaGetBuilder;
    withLaterDel(limit?: number): MetaGetBuilder;
    build(): GetParams;
  }

  export class Topic {
    readonly name: string;
    created: Date | null;
    updated: Date | null;
    touched: Date;
    acs: AccessMode;
    private: PrivateData | null;
    public: Card | null;
    trusted: { [mark: string]: unknown } | null;
    defacs?: { auth: string; anon: string };
    online?: boolean;
    seen?: Seen;
    seq?: number;
    read?: number;
    recv?: number;
    unread?: number;
    clear?: number;
    subcnt?: number;
    chan?: boolean;
    _deleted?: boolean;
    _new?: boolean;

    onData?: (data?: Message) => void;
    onMeta?: (meta: unknown) => void;
    onPres?: (pres: Pres) => void;
    onInfo?: (info: Info) => void;
    onMetaDesc?: (topic: Topic) => void;
    onMetaSub?: (sub: Subscription) => void;
    onSubsUpdated?: (keys: string[], count?: number) => void;
    onTagsUpdated?: (tags: string[]) => void;
    onCredsUpdated?: (creds: Credential[]) => void;
    onAuxUpdated?: (aux: { [key: string]: unknown }) => void;
    onDeleteTopic?: () => void;
    onAllMessagesReceived?: (count: number) => void;

    isSubscribed(): boolean;
    subscribe(get?: GetParams, set?: SetParams): Promise<Ctrl | Topic>;
    leave(unsub?: boolean): Promise<Ctrl>;
    leaveDelayed(unsub: boolean, ms: number): void;
    createMessage(content: Content, noEcho?: boolean): Message;
    publish(content: Content, noEcho?: boolean): Promise<Ctrl>;
    publishMessage(message: Message): Promise<Ctrl>;
    publishDraft(message: Message, ready?: Promise<unknown>): Promise<Ctrl>;
    cancelSend(seq: number): boolean;
    getMeta(params: GetParams): Promise<unknown>;
    setMeta(params: SetParams): Promise<Ctrl>;
    getMessagesPage(limit: number, gaps: SeqRange[] | null, min: number, max: number, newer?: boolean): Promise<Ctrl>;
    msgHasMoreMessages(min: number, max: number, newer?: boolean): SeqRange[];
    getPinnedMessages(): Promise<Ctrl>;
    pinMessage(seq: number, pin: boolean): Promise<Ctrl>;
    archive(arch: boolean): Promise<Ctrl>;
    updateMode(uid: string | null, change: string): Promise<Ctrl>;
    invite(uid: string, mode?: string): Promise<Ctrl>;
    delMessages(ranges: SeqRange[], hard?: boolean): Promise<Ctrl>;
    delMessagesAll(hard?: boolean): Promise<Ctrl>;
    delMessagesList(list: number[], hard?: boolean): Promise<Ctrl>;
    delMessagesEdits(seq: number, hard?: boolean): Promise<Ctrl>;
    delTopic(hard?: boolean): Promise<Ctrl>;
    delSubscription(user: string): Promise<Ctrl>;
    noteRecv(seq: number): void;
    noteRead(seq?: number): void;
    noteKeyPress(): void;
    noteRecording(audioOnly: boolean): void;
    videoCall(event: string, seq: number, payload?: unknown): void;
    userDesc(uid: string): Subscription | undefined;
    subscribers(callback: (sub: Subscription, uid: string) => void): void;
    subscriber(uid: string): Subscription | undefined;
    tags(): string[];
    aux(key: string): unknown;
    alias(): string | undefined;
    messages(callback: (m: Message, before?: Message, after?: Message, at?: number) => void, since?: number, before?: number): void;
    queuedMessages(callback: (m: Message) => void): void;
    messageVersions(seq: number, callback: (m: Message) => void): void;
    findMessage(seq: number): Message | undefined;
    latestMessage(): Message | undefined;
    latestMsgVersion(seq: number): Message | null;
    maxMsgSeq(): number;
    minMsgSeq(): number;
    maxClearId(): number;
    messageCount(): number;
    msgStatus(message: Message, update?: boolean): number;
    msgReadCount(seq: number): number;
    msgRecvCount(seq: number): number;
    isNewMessage(seq: number): boolean;
    flushMessage(seq: number): Message | undefined;
    getAccessMode(): AccessMode;
    getDefaultAccess(): { auth: string; anon: string };
    startMetaQuery(): MetaGetBuilder;
    isArchived(): boolean;
    isMeType(): boolean;
    isSelfType(): boolean;
    isChannelType(): boolean;
    isGroupType(): boolean;
    isP2PType(): boolean;
    isCommType(): boolean;
  }
  export class TopicMe extends Topic {
    onContactUpdate?: (what: string, contact?: Topic) => void;
    contacts(callback: (contact: Topic) => void, filter?: (contact: Topic) => boolean): void;
    getContact(name: string): Topic | undefined;
    getCredentials(): Credential[];
    delCredential(method: string, value: string): Promise<Ctrl>;
    pinTopic(name: string, pin: boolean): Promise<Ctrl>;
    pinnedTopicRank(name: string): number;
  }
  export class TopicFnd extends Topic {
    contacts(callback: (found: Subscription) => void): void;
    checkTagUniqueness(tag: string, caller: string): Promise<boolean>;
  }

  export class LargeFileHelper {
    upload(file: Blob, avatarFor?: string, onProgress?: (part: number) => void): Promise<string>;
    download(url: string, name: string, mime: string, onProgress?: (bytes: number) => void, onError?: (e: unknown) => void): Promise<unknown>;
    cancel(): void;
  }

  export interface AccountParams {
    public?: unknown;
    private?: unknown;
    defacs?: { auth?: string; anon?: string };
    tags?: string[];
    cred?: Credential[];
    scheme?: string; // temporary authentication
    secret?: string;
    attachments?: string[];
  }
  export class Tinode {
    constructor(
      config: {
        appName: string;
        host: string;
        apiKey: string;
        transport?: 'ws' | 'lp';
        secure: boolean;
        persist: boolean;
        platform?: string;
      },
      onComplete?: (err?: unknown) => void,
    );
    static readonly DEL_CHAR: string;
    static readonly MESSAGE_STATUS_NONE: number;
    static readonly MESSAGE_STATUS_QUEUED: number;
    static readonly MESSAGE_STATUS_SENDING: number;
    static readonly MESSAGE_STATUS_FAILED: number;
    static readonly MESSAGE_STATUS_FATAL: number;
    static readonly MESSAGE_STATUS_SENT: number;
    static readonly MESSAGE_STATUS_RECEIVED: number;
    static readonly MESSAGE_STATUS_READ: number;
    static readonly MESSAGE_STATUS_TO_ME: number;
    static setDatabaseProvider(provider: unknown): void;
    static topicType(name: string): string;
    static isP2PTopicName(name: string): boolean;
    static isGroupTopicName(name: string): boolean;
    static isChannelTopicName(name: string): boolean;
    static isSelfTopicName(name: string): boolean;
    static isCommTopicName(name: string): boolean;
    static isServerAssignedSeq(seq: number): boolean;
    static isValidTagValue(tag: string): boolean;
    static credential(method: string, value?: string, params?: unknown, response?: string): Credential[] | null;

    onConnect?: () => void;
    onDisconnect?: (err?: Error & { code?: number }) => void;
    onLogin?: (code: number, text: string) => void;
    onCtrlMessage?: (ctrl: Ctrl) => void;
    onDataMessage?: (data: Message) => void;
    onMetaMessage?: (meta: { [part: string]: unknown }) => void;
    onPresMessage?: (pres: Pres) => void;
    onInfoMessage?: (info: Info) => void;
    onNetworkProbe?: () => void;
    onAutoreconnectIteration?: (ms: number, attempt?: Promise<unknown>) => void;

    connect(host?: string): Promise<unknown>;
    reconnect(force?: boolean): void;
    disconnect(): void;
    networkProbe(): void;
    isConnected(): boolean;
    isAuthenticated(): boolean;
    initStorage(): Promise<unknown>;
    clearStorage(): Promise<unknown>;
    setHumanLanguage(tag: string): void;
    authorizeURL(url: string): string;
    login(scheme: string, secret: string, cred?: Credential[] | null): Promise<Ctrl>;
    loginBasic(login: string, password: string, cred?: Credential[] | null): Promise<Ctrl>;
    loginToken(token: string, cred?: Credential[] | null): Promise<Ctrl>;
    createAccountBasic(login: string, password: string, params?: AccountParams): Promise<Ctrl>;
    updateAccountBasic(uid: string | null, login: string, password: string, params?: AccountParams): Promise<Ctrl>;
    account(uid: string | null, scheme: string, secret: string, login: boolean, params?: AccountParams): Promise<Ctrl>;
    requestResetAuthSecret(scheme: string, method: string, value: string): Promise<Ctrl>;
    getAuthToken(): { token: string; expires: Date } | null;
    setAuthToken(token: { token: string; expires: Date } | null): void;
    getMeta(topic: string, params: GetParams): Promise<unknown>;
    setMeta(topic: string, params: SetParams): Promise<Ctrl>;
    delTopic(name: string, hard?: boolean): Promise<Ctrl>;
    delCurrentUser(hard: boolean): Promise<Ctrl>;
    newGroupTopicName(channel: boolean): string;
    getTopic(name: string): Topic;
    cacheGetTopic(name: string): Topic | undefined;
    cacheRemTopic(name: string): void;
    mapTopics(callback: (topic: Topic) => void): void;
    isTopicCached(name: string): boolean;
    getMeTopic(): TopicMe;
    getFndTopic(): TopicFnd;
    getLargeFileHelper(): LargeFileHelper;
    getCurrentUserID(): string | null;
    isMe(uid: string): boolean;
    getServerInfo(): { [key: string]: unknown } | null;
    getServerParam<T>(name: string, fallback: T): T;
    report(action: string, target: string): Promise<Ctrl>;
    publish(topic: string, content: Content, noEcho?: boolean): Promise<Ctrl>;
    publishMessage(message: Message): Promise<Ctrl>;
    note(topic: string, what: string, seq: number): void;
    videoCall(topic: string, seq: number, event: string, payload?: unknown): void;
  }

  // Functions on formatted text; see the README of the package.
  export class Drafty {
    static init(text: string): DraftyDoc;
    static parse(text: string): DraftyDoc | null;
    static isValid(content: unknown): boolean;
    static isPlainText(content: Content): boolean;
    static toPlainText(content: Content): string;
    static toMarkdown(content: Content): string;
    static preview(content: Content, limit: number, forwarding?: boolean): DraftyDoc;
    static quote(header: string, uid: string, body: DraftyDoc): DraftyDoc;
    static mention(name: string, uid: string): DraftyDoc;
    static append(first: Content | null, second: Content): DraftyDoc;
    static appendLineBreak(content: DraftyDoc): DraftyDoc;
    static replyContent(original: Content, limit: number): DraftyDoc;
    static forwardedContent(original: Content): DraftyDoc;
    static format(content: Content, formatter: unknown, context?: unknown): unknown;
    static tagName(style: string): string | undefined;
    static attrValue(style: string, data: unknown): { [attr: string]: string } | undefined;
    static hasAttachments(content: Content): boolean;
    static attachments(content: Content, callback: (data: unknown, at: number, type: string) => void): void;
    static hasEntities(content: Content): boolean;
    static entities(content: Content, callback: (data: unknown, at: number, type: string) => void): void;
    static sanitizeEntities(content: Content): Content;
    static attachFile(content: Content | null, file: unknown): DraftyDoc | null;
    static insertImage(content: Content | null, at: number, image: unknown): DraftyDoc;
    static insertVideo(content: Content | null, at: number, video: unknown): DraftyDoc;
    static appendImage(content: Content | null, image: unknown): DraftyDoc;
    static appendAudio(content: Content | null, audio: unknown): DraftyDoc;
    static attachJSON(content: Content | null, data: unknown): DraftyDoc;
    static videoCall(audioOnly: boolean): DraftyDoc;
    static getDownloadUrl(data: unknown): string | null;
    static getPreviewUrl(data: unknown): string | null;
    static getEntityMimeType(data: unknown): string;
    static getEntitySize(data: unknown): number;
    static isUploading(data: unknown): boolean;
    static getContentType(): string;
  }
}
