import type { ComponentType } from 'preact';
import type { PageProps } from '../app/feature';
import { Access } from './Access';
import { Edit } from './Edit';
import { Info } from './Info';
import { Invite } from './Invite';
import { InviteLink } from './InviteLink';
import { MemberPage } from './MemberPage';
import { Members } from './Members';
import { BannedList, Requests } from './Requests';
import './groups.css';

export interface InfoProps {
  name: string; // of the topic
  who: string; // of a member
}

const pages: { [page: string]: ComponentType<InfoProps> } = {
  members: Members,
  member: MemberPage,
  invite: Invite,
  link: InviteLink,
  requests: Requests,
  banned: BannedList,
  access: Access,
  edit: Edit,
};

// InfoPage is what is to be known about a conversation, and its pages.
export default function InfoPage({ params }: PageProps) {
  const { topic = '', page = '', who = '' } = params;
  const Page = (Object.hasOwn(pages, page) && pages[page]) || Info;
  return <Page key={`${topic}/${page}/${who}`} name={topic} who={who} />;
}
