import { useEffect, useRef, useState } from 'preact/hooks';
import { Drafty, type Message } from 'tinode-sdk';
import { HeadTools } from '../app/HeadTools';
import { back } from '../app/router';
import { t } from '../i18n';
import { clock } from '../i18n/time';
import { authorName, contact, titleOf } from '../model/contacts';
import { explain } from '../model/problem';
import { connection, myID, online, sdk } from '../model/session';
import { Avatar, Bar, Empty, IconBack, IconButton, IconSend, IconWarning, toast } from '../ui';
import './conversation.css';

// Conversation is a plain list of texts with a field to write one.
export function Conversation({ topic: name }: { topic: string }) {
  const topic = sdk().getTopic(name);
  const [, draw] = useState(0);
  const [text, setText] = useState('');
  const [missing, setMissing] = useState(false);
  const end = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const redraw = () => draw((n) => n + 1);
    topic.onData = () => {
      redraw();
      const seq = topic.maxMsgSeq();
      if (seq > 0 && topic.isSubscribed()) topic.noteRead(seq);
    };
    topic.onMetaDesc = topic.onSubsUpdated = redraw;
    return () => {
      delete topic.onData;
      delete topic.onMetaDesc;
      delete topic.onSubsUpdated;
      if (topic.isSubscribed()) topic.leave().catch(() => {});
    };
  }, [topic]);
  useEffect(() => {
    if (!online.value) return;
    const query = topic.startMetaQuery().withLaterDesc().withLaterSub().withLaterData(24).withLaterDel().build();
    topic.subscribe(query).catch(() => setMissing(true));
  }, [topic, online.value]);
  const shown: Message[] = [];
  topic.messages((m) => void (m._deleted || shown.push(m)));
  useEffect(() => end.current?.scrollIntoView(), [shown.length]);
  const send = (e: Event) => {
    e.preventDefault();
    if (!text.trim()) return;
    topic.publishDraft(topic.createMessage(Drafty.parse(text) ?? text)).catch((err) => toast(explain(err)));
    setText('');
  };
  const title = titleOf(topic);
  return (
    <div class="column conversation">
      <Bar
        before={
          <IconButton class="only-narrow" label={t('common.back')} onClick={() => back()}>
            <IconBack />
          </IconButton>
        }
        after={<HeadTools topic={name} />}
      >
        <div class="conversation-head">
          <Avatar id={name} name={title} photo={contact(name)?.photo} size={40} />
          <h1 class="ellipsis">{title}</h1>
        </div>
      </Bar>
      {missing ? (
        <Empty icon={<IconWarning size={36} />} title={t('conversation.notFound')} />
      ) : (
        <div class="scroll conversation-list" tabIndex={0} role="log" aria-label={title}>
          {shown.map((m) => (
            <div key={m.seq} class={`bubble${m.from === myID.value ? ' bubble-mine' : ''}`}>
              {topic.isGroupType() && m.from !== myID.value && <strong>{authorName(topic, m.from)}</strong>}
              <span>{typeof m.content === 'object' ? Drafty.toPlainText(m.content) : m.content}</span>
              <time>{clock(m.ts)}</time>
            </div>
          ))}
          <div ref={end} />
        </div>
      )}
      <form class="conversation-write" onSubmit={send}>
        <input
          value={text}
          aria-label={t('conversation.write')}
          placeholder={t('conversation.write')}
          onInput={(e) => {
            setText(e.currentTarget.value);
            if (connection.value === 'online' && topic.isSubscribed()) topic.noteKeyPress();
          }}
        />
        <IconButton type="submit" accent label={t('conversation.send')}>
          <IconSend />
        </IconButton>
      </form>
    </div>
  );
}
