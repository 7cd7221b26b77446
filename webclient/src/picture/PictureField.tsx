import { useEffect, useRef, useState } from 'preact/hooks';
import { t } from '../i18n';
import { Avatar, Button, IconCamera, IconTrash, toast } from '../ui';
import { Cropper } from './Cropper';
import { load } from './store';
import './picture.css';

export interface PictureFieldProps {
  id: string;
  name: string;
  photo: string | undefined; // as it is now
  kind?: 'user' | 'group' | 'channel';
  // the new picture; null: none any more; undefined: as it was
  picked: HTMLCanvasElement | null | undefined;
  onPick: (picture: HTMLCanvasElement | null) => void;
}

// PictureField shows a picture and lets the user choose another one.
export function PictureField({ id, name, photo, kind = 'user', picked, onPick }: PictureFieldProps) {
  const input = useRef<HTMLInputElement>(null);
  const [image, setImage] = useState<ImageBitmap | null>(null);
  useEffect(() => () => image?.close(), [image]);
  const choose = async (file: File | undefined) => {
    if (!file) return;
    try {
      setImage(await load(file));
    } catch {
      toast(t('picture.bad'));
    }
  };
  const src = picked === undefined ? photo : picked ? picked.toDataURL('image/jpeg', 0.8) : undefined;
  return (
    <div class="picture-field">
      <Avatar id={id} name={name} photo={src} kind={kind} size={88} />
      <div class="picture-buttons">
        <Button onClick={() => input.current?.click()}>
          <IconCamera size={20} />
          {t(src ? 'picture.change' : 'picture.add')}
        </Button>
        {src && (
          <Button kind="plain" onClick={() => onPick(null)}>
            <IconTrash size={20} />
            {t('picture.remove')}
          </Button>
        )}
      </div>
      <input
        ref={input}
        hidden
        type="file"
        accept="image/*"
        aria-label={t('picture.add')}
        onChange={(e) => {
          void choose(e.currentTarget.files?.[0]);
          e.currentTarget.value = '';
        }}
      />
      {image && (
        <Cropper
          image={image}
          onCancel={() => setImage(null)}
          onDone={(picture) => {
            onPick(picture);
            setImage(null);
          }}
        />
      )}
    </div>
  );
}
