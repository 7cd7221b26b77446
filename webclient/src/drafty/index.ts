export { assemble, attachmentsOf, authorOf, forwarded, partsOf, type Parts, quote, tagsOf } from './compose';
export { Graphemes, shorten } from './graphemes';
export { type Mentions, parse, parseNodes, toMarkdown } from './markdown';
export { bigEmoji, type Hooks, renderNodes } from './render';
export { type Labels, nameOf, plainText, previewText } from './text';
export { type Content, type Data, type Drafty, fromTree, isMedia, isSeen, mime, type Node, toTree } from './tree';
export { fileRef, safeUrl } from './url';
