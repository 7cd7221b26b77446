import { useSignal } from '@preact/signals';
import type { ComponentType } from 'preact';
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { canRecord } from '../files/record';
import { type Prepared, prepare } from '../files/prepare';
import { sizeText } from '../files/text';
import { maxUpload } from '../files/upload';
import { Foot } from '../groups/Gate';
import { t } from '../i18n';
import { explain } from '../model/problem';
import { IconAttach, IconButton, IconCheck, IconClose, IconEdit, IconFile, IconMic, IconReply, IconSend, IconSmile, Spinner, toast } from '../ui';
import { edit, isMine, mayEdit } from './actions';
import { loadDraft, saveDraft } from './draft';
import { highlight } from './highlight';
import { Recorder } from './Recorder';
import type { PageState } from './state';

type Picker = ComponentType<{ onPick: (text: string) => void; onClose: () => void }>;

const maxFiles = 20;
const touch = matchMedia('(pointer: coarse)').matches;

// Where messages are written: text with formats, emoji, files, voice.
export function Composer({ page, incoming }: { page: PageState; incoming: { take?: (files: File[]) => void } }) {
  const c = page.conversation;
  const writing = page.writing.value;
  const field = useRef<HTMLTextAreaElement>(null);
  const backdrop = useRef<HTMLDivElement>(null);
  const fileInput = useRef<HTMLInputElement>(null);
  const start = useMemo(() => loadDraft(c.name), [c]);
  const [text, setText] = useState(start?.text ?? '');
  const mentions = useRef(new Map(start?.mentions ?? []));
  const [files, setFiles] = useState<(Prepared & { key: number; url: string })[]>([]);
  const [preparing, setPreparing] = useState(0);
  const [recording, setRecording] = useState(false);
  const [Picker, setPicker] = useState<Picker | null>(null);
  const emojiOpen = useSignal(false);
  const before = useRef(''); // what stood there before an edit
  const nextKey = useRef(0);

  page.focusComposer = () => requestAnimationFrame(() => field.current?.focus());
  useEffect(() => {
    if (!touch) page.focusComposer();
  }, [page]);

  // A reply that was begun before the page was closed.
  const replied = useRef(start?.reply);
  useEffect(() => {
    const m = replied.current ? c.timeline.message(replied.current) : undefined;
    if (m && page.writing.peek().kind === 'new') page.writing.value = { kind: 'reply', to: m };
    if (m) replied.current = undefined;
  }, [c.rows.value]);

  // Editing takes the field over, and gives it back.
  useEffect(() => {
    if (writing.kind !== 'edit') return;
    before.current = text;
    const form = c.typedForm(writing.message);
    mentions.current = new Map([...mentions.current, ...form.mentions]);
    setText(form.text);
    return () => setText(before.current);
  }, [writing.kind === 'edit' ? writing.message.seq : 0]);

  useEffect(() => {
    if (writing.kind === 'edit') return;
    const timer = setTimeout(save, 300);
    return () => clearTimeout(timer);
  }, [text, writing]);
  const save = () => {
    if (page.writing.peek().kind === 'edit') return;
    const w = page.writing.peek();
    const used = [...mentions.current].filter(([name]) => latest.current.includes('@' + name));
    saveDraft(c.name, { text: latest.current, mentions: used, reply: w.kind === 'reply' ? w.to.seq : undefined });
  };
  const latest = useRef(text);
  latest.current = text;
  useEffect(() => {
    addEventListener('pagehide', save);
    return () => {
      removeEventListener('pagehide', save);
      save();
    };
  }, []);

  useLayoutEffect(() => {
    const f = field.current;
    if (!f) return;
    f.style.height = 'auto';
    f.style.height = `${Math.min(f.scrollHeight, innerHeight * 0.35)}px`;
    if (backdrop.current) backdrop.current.scrollTop = f.scrollTop;
  }, [text, recording]);

  const addFiles = useCallback(async (list: File[]) => {
    const most = maxUpload();
    if (most === 0) return toast(t('files.none'));
    const fit = list.slice(0, maxFiles).filter((f) => {
      if (f.size > most && !f.type.startsWith('image/')) toast(t('files.tooLarge', { name: f.name, size: sizeText(most) }));
      else if (f.size === 0) toast(t('files.empty', { name: f.name }));
      else return true;
      return false;
    });
    setPreparing((n) => n + fit.length);
    for (const f of fit) {
      const p = await prepare(f);
      setPreparing((n) => n - 1);
      if (p.file.size > most) {
        toast(t('files.tooLarge', { name: f.name, size: sizeText(most) }));
        continue;
      }
      setFiles((all) => [...all, { ...p, key: nextKey.current++, url: p.kind === 'image' ? URL.createObjectURL(p.file) : '' }].slice(0, maxFiles));
    }
    page.focusComposer();
  }, []);
  incoming.take = (list) => void addFiles(list);
  const removeFile = (key: number) =>
    setFiles((all) => {
      const f = all.find((x) => x.key === key);
      if (f?.url) URL.revokeObjectURL(f.url);
      return all.filter((x) => x.key !== key);
    });

  const reset = () => {
    before.current = '';
    setText('');
    setFiles([]);
    mentions.current = new Map();
    page.writing.value = { kind: 'new' };
    latest.current = '';
    saveDraft(c.name, { text: '', mentions: [] });
  };
  const submit = async () => {
    const w = page.writing.peek();
    const typed = text;
    if (w.kind === 'edit') {
      const message = w.message;
      if (!typed.trim() && !files.length) return void (page.deleting.value = [message.seq]);
      page.writing.value = { kind: 'new' };
      await c.edit(message, typed, mentions.current).catch((e: unknown) => toast(explain(e)));
      return;
    }
    if ((!typed.trim() && !files.length) || preparing) return;
    const sent = files.map(({ key: _, url: __, ...f }) => f);
    const names = mentions.current;
    reset();
    await c.write(typed, names, sent, w.kind === 'reply' ? w.to : undefined).catch((e: unknown) => toast(explain(e)));
  };
  const stop = () => (page.writing.value = { kind: 'new' });

  // Mentions: names of members that begin as what stands behind an @.
  const [suggest, setSuggest] = useState<{ from: number; list: { user: string; name: string }[]; at: number } | null>(null);
  const lookForNames = (value: string, at: number) => {
    const m = /(?:^|[\s(])@([\p{L}\p{N}_.-]{0,30}(?: [\p{L}\p{N}_.-]{1,30})?)$/u.exec(value.slice(0, at));
    if (!m || !c.topic.isGroupType()) return setSuggest(null);
    const wanted = m[1]!.toLocaleLowerCase();
    const list = c.members().filter((x) => x.name.toLocaleLowerCase().split(/\s+/).some((w, i, all) => w.startsWith(wanted) || all.slice(i).join(' ').startsWith(wanted)));
    setSuggest(list.length ? { from: at - m[1]!.length - 1, list: list.slice(0, 8), at: 0 } : null);
  };
  const takeName = (x: { user: string; name: string }) => {
    const f = field.current!;
    const from = suggest!.from;
    const name = [...mentions.current].some(([n, u]) => n === x.name && u !== x.user) ? `${x.name} ${x.user.slice(3, 7)}` : x.name;
    mentions.current.set(name, x.user);
    insert(`@${name} `, from, f.selectionStart);
    setSuggest(null);
  };
  const insert = (what: string, from: number, to: number) => {
    const f = field.current!;
    f.focus();
    f.setSelectionRange(from, to);
    // Keeps the browser's own undo; without it the value is set.
    if (!document.execCommand('insertText', false, what)) setText(text.slice(0, from) + what + text.slice(to));
    requestAnimationFrame(() => f.setSelectionRange(from + what.length, from + what.length));
  };
  const wrap = (mark: string) => {
    const f = field.current!;
    const [from, to] = [f.selectionStart, f.selectionEnd];
    insert(mark + text.slice(from, to) + mark, from, to);
    if (from === to) requestAnimationFrame(() => f.setSelectionRange(from + mark.length, from + mark.length));
  };

  const keys = (e: KeyboardEvent) => {
    if (e.isComposing) return;
    if (suggest) {
      const step = { ArrowDown: 1, ArrowUp: -1 }[e.key];
      if (step) {
        e.preventDefault();
        return setSuggest({ ...suggest, at: (suggest.at + step + suggest.list.length) % suggest.list.length });
      }
      if (e.key === 'Enter' || e.key === 'Tab') {
        e.preventDefault();
        return takeName(suggest.list[suggest.at]!);
      }
      if (e.key === 'Escape') {
        e.preventDefault();
        return setSuggest(null);
      }
    }
    if (e.key === 'Enter' && !e.shiftKey && (!touch || e.ctrlKey || e.metaKey)) {
      e.preventDefault();
      return void submit();
    }
    if (e.key === 'Escape' && writing.kind !== 'new') {
      e.preventDefault();
      return stop();
    }
    if (e.key === 'ArrowUp' && !text && writing.kind === 'new') {
      const last = c.timeline.lastOwn();
      if (last && mayEdit(last)) {
        e.preventDefault();
        edit(last, page);
      }
      return;
    }
    if ((e.ctrlKey || e.metaKey) && !e.altKey) {
      const mark = { b: '*', i: '_', e: '`' }[e.key.toLowerCase()] ?? (e.shiftKey && e.key.toLowerCase() === 'x' ? '~' : '');
      if (mark) {
        e.preventDefault();
        wrap(mark);
      }
    }
  };

  const toggleEmoji = async () => {
    emojiOpen.value = !emojiOpen.peek();
    if (!Picker) {
      const m = await import('../emoji/EmojiPicker').catch((e: unknown) => (toast(explain(e)), null));
      if (m) setPicker(() => m.default as Picker);
    }
  };
  const pieces = useMemo(() => highlight(text, mentions.current), [text]);
  const empty = !text.trim() && !files.length;

  if (!c.canWrite.value) return <Foot name={c.name} />;
  if (recording) {
    return (
      <Recorder
        onLevel={() => c.typed('audio')}
        onDone={(p) => {
          setRecording(false);
          if (!p) return;
          const w = page.writing.peek();
          stop();
          void c.write('', new Map(), [p], w.kind === 'reply' ? w.to : undefined);
        }}
      />
    );
  }
  return (
    <div class="composer">
      {writing.kind !== 'new' && (
        <div class="composer-about">
          {writing.kind === 'reply' ? <IconReply size={20} /> : <IconEdit size={20} />}
          <div>
            <strong>{writing.kind === 'edit' ? t('message.edit') : t('composer.replyTo', { name: isMine(writing.to) ? t('message.you') : c.authorOf(writing.to.from) })}</strong>
            <span class="ellipsis">{c.line(writing.kind === 'reply' ? writing.to : writing.message)}</span>
          </div>
          <IconButton label={t('common.cancel')} onClick={stop}>
            <IconClose />
          </IconButton>
        </div>
      )}
      {(files.length > 0 || preparing > 0) && (
        <ul class="composer-files" aria-label={t('composer.files')}>
          {files.map((f) => (
            <li key={f.key}>
              {f.url ? <img src={f.url} alt="" /> : <IconFile size={28} />}
              <span class="composer-file-name">{f.name}</span>
              <span class="composer-file-size">{sizeText(f.file.size)}</span>
              <IconButton label={t('composer.removeFile', { name: f.name })} onClick={() => removeFile(f.key)}>
                <IconClose size={16} />
              </IconButton>
            </li>
          ))}
          {preparing > 0 && (
            <li>
              <Spinner />
            </li>
          )}
        </ul>
      )}
      {suggest && (
        <ul class="suggest" role="listbox" id="composer-names" aria-label={t('composer.mention')}>
          {suggest.list.map((x, i) => (
            <li key={x.user} id={`name-${i}`} role="option" aria-selected={i === suggest.at} onPointerDown={(e) => (e.preventDefault(), takeName(x))}>
              {x.name}
            </li>
          ))}
        </ul>
      )}
      {emojiOpen.value && Picker && (
        <div class="composer-emoji">
          <Picker
            onPick={(e) => {
              const f = field.current!;
              insert(e, f.selectionStart, f.selectionEnd);
              if (touch) f.blur();
            }}
            onClose={() => {
              emojiOpen.value = false;
              if (!touch) page.focusComposer(); // there it would bring up the keyboard
            }}
          />
        </div>
      )}
      <form
        class="composer-row"
        onSubmit={(e) => {
          e.preventDefault();
          void submit();
        }}
      >
        <IconButton label={t('emoji.title')} aria-expanded={emojiOpen.value} onClick={() => void toggleEmoji()}>
          <IconSmile />
        </IconButton>
        <div class="composer-field">
          <div ref={backdrop} class="composer-text composer-backdrop" aria-hidden="true">
            {pieces.map((p, i) => (p.style ? <span key={i} class={p.style}>{p.text}</span> : p.text))}
            {'\u200b'}
          </div>
          <textarea
            ref={field}
            class="composer-text"
            rows={1}
            value={text}
            dir="auto"
            aria-label={t('conversation.write')}
            placeholder={t('conversation.write')}
            {...(suggest ? { 'aria-controls': 'composer-names', 'aria-activedescendant': `name-${suggest.at}`, 'aria-autocomplete': 'list' as const } : {})}
            onInput={(e) => {
              setText(e.currentTarget.value);
              lookForNames(e.currentTarget.value, e.currentTarget.selectionStart);
              if (e.currentTarget.value) c.typed('text');
            }}
            onScroll={(e) => backdrop.current && (backdrop.current.scrollTop = e.currentTarget.scrollTop)}
            onKeyDown={keys}
            onBlur={() => setSuggest(null)}
            onPaste={(e) => {
              const list = [...(e.clipboardData?.files ?? [])];
              if (!list.length) return;
              e.preventDefault();
              void addFiles(list);
            }}
          />
        </div>
        <input
          ref={fileInput}
          type="file"
          multiple
          hidden
          aria-label={t('composer.attach')}
          onChange={(e) => {
            void addFiles([...(e.currentTarget.files ?? [])]);
            e.currentTarget.value = '';
          }}
        />
        {writing.kind !== 'edit' && (
          <IconButton label={t('composer.attach')} onClick={() => fileInput.current?.click()}>
            <IconAttach />
          </IconButton>
        )}
        {empty && writing.kind !== 'edit' && canRecord() ? (
          <IconButton label={t('composer.record')} onClick={() => setRecording(true)}>
            <IconMic />
          </IconButton>
        ) : (
          <IconButton type="submit" accent label={t(writing.kind === 'edit' ? 'common.save' : 'conversation.send')} disabled={preparing > 0}>
            {writing.kind === 'edit' ? <IconCheck /> : <IconSend />}
          </IconButton>
        )}
      </form>
    </div>
  );
}
