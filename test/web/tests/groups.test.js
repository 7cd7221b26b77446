import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { axe } from '../lib/axe.js';
import { endBrowsers } from '../lib/browser.js';
import { add, hash, info, look, makeGroup, member, png, topicOf, yes } from '../lib/groups.js';
import { row, startChat, toList, write } from '../lib/people.js';
import { scene } from '../lib/scene.js';
import { Server } from '../lib/server.js';
import { until } from '../lib/until.js';

const server = new Server();
before(() => server.start());
after(async () => {
  await endBrowsers();
  await server.close();
});

for (const size of ['desktop', 'phone']) {
  scene(`a group: made, described, members, rights, ban, hand-over, deletion (${size})`, async (person) => {
    const anna = await person(server, 'Anna', size);
    const bert = await person(server, 'Bert', size);
    const cleo = await person(server, 'Cleo', size);
    const { page } = anna;
    const aside = page.locator('.panel');

    // made, with a picture
    await page.getByRole('button', { name: 'New chat' }).first().click();
    await page.getByRole('button', { name: 'New group' }).click();
    await page.getByRole('button', { name: 'Create group' }).click();
    await page.getByText('Enter a name.').waitFor();
    await page.getByLabel('Name', { exact: true }).fill('Chess club');
    await page.getByLabel('Description').fill('Fridays at seven, in the cellar.');
    await page.locator('input[type=file]').setInputFiles(png());
    await page.getByRole('dialog').getByRole('slider').fill('2');
    await page.getByRole('application').press('ArrowLeft');
    await look(page, `crop-${size}`);
    await axe(page);
    await yes(page, 'Use this');
    await page.getByText('How people find it').click();
    await page.getByLabel('Alias').fill(`chess${size}`);
    await page.getByLabel('Tags').fill('chess cellar');
    await look(page, `create-${size}`);
    await axe(page);
    await page.getByRole('button', { name: 'Create group' }).click();
    await page.getByRole('heading', { name: 'Invite people' }).waitFor();
    const group = await topicOf(page);
    assert.match(group, /^grp/);
    await look(page, `invite-empty-${size}`);

    // two members
    await page.getByRole('searchbox', { name: 'Name, login' }).fill(bert.login);
    await page.getByRole('checkbox', { name: 'Bert' }).check();
    await look(page, `invite-${size}`);
    await axe(page);
    await page.getByRole('button', { name: 'Add 1 person' }).click();
    await page.getByText('1 person was added').waitFor();
    await page.waitForFunction(() => !location.hash.includes('invite'));
    await add(page, group, cleo);
    await row(bert.page, 'Chess club').click();
    await bert.page.locator('main').getByRole('textbox', { name: 'Message' }).waitFor();
    await row(cleo.page, 'Chess club').waitFor();

    // details
    await info(page, group);
    await aside.getByText('Fridays at seven').waitFor();
    await aside.getByText('3 members').waitFor();
    await aside.locator('.panel-head img').waitFor();
    await look(page, `info-${size}`);
    await axe(page);
    await aside.getByRole('switch', { name: 'Mute' }).click();
    await aside.getByRole('switch', { name: 'Mute', checked: true }).waitFor();
    await aside.getByRole('switch', { name: 'Mute' }).click(); // muted, one does not see who is online either
    await aside.getByRole('switch', { name: 'Mute', checked: false }).waitFor();
    await aside.getByRole('switch', { name: 'Pin' }).click();
    await aside.getByRole('switch', { name: 'Pin', checked: true }).waitFor();

    // members and a search among them
    await aside.getByRole('link', { name: /^Members/ }).click();
    await aside.getByRole('link', { name: 'Anna (you)' }).waitFor();
    await aside.getByRole('link', { name: /Bert\s*online/ }).waitFor();
    await look(page, `members-${size}`);
    await axe(page);
    await aside.getByRole('searchbox').fill('cl');
    await until('the others are gone', async () => (await aside.locator('.row').count()) === 1);
    await aside.getByRole('searchbox').fill('');

    // mute a member
    await member(page, group, 'Bert');
    await look(page, `member-${size}`);
    await axe(page);
    await aside.getByRole('switch', { name: 'Write' }).click();
    await bert.page.getByText('You can read here, but not write.').waitFor();
    assert.equal(await bert.page.locator('main').getByRole('textbox', { name: 'Message' }).count(), 0);
    await look(bert.page, `readonly-${size}`);
    await axe(bert.page);
    await aside.getByRole('switch', { name: 'Write' }).click();
    await bert.page.locator('main').getByRole('textbox', { name: 'Message' }).waitFor();

    // what others may not do
    await info(bert.page, group);
    await bert.page.locator('.panel').getByText('Fridays').waitFor();
    assert.equal(await bert.page.locator('.panel').getByRole('button', { name: 'Edit' }).count(), 0);
    assert.equal(await bert.page.locator('.panel').getByRole('link', { name: 'Who may join' }).count(), 0);
    await member(bert.page, group, 'Cleo');
    assert.equal(await bert.page.locator('.panel').getByRole('switch').count(), 0);

    // an administrator has to accept
    await aside.getByRole('switch', { name: 'Administrator' }).click();
    await yes(page, 'Make administrator');
    await hash(bert.page, `c/${group}`);
    await bert.page.getByText('You are to become an administrator here.').waitFor();
    await look(bert.page, `offer-${size}`);
    await axe(bert.page);
    await bert.page.getByRole('button', { name: 'Accept' }).click();
    await aside.getByText('Administrator', { exact: false }).first().waitFor();
    await info(page, group, 'members');
    await aside.getByRole('link', { name: /Bert.*Administrator/ }).waitFor();

    // he bans, and lets in again
    await hash(cleo.page, `c/${group}`);
    await cleo.page.locator('main').getByRole('textbox', { name: 'Message' }).waitFor();
    await member(bert.page, group, 'Cleo');
    await bert.page.locator('.panel').getByRole('button', { name: 'Ban' }).click();
    await yes(bert.page, 'Ban');
    await cleo.page.getByRole('heading', { name: 'You cannot read this any more' }).waitFor();
    await look(cleo.page, `banned-${size}`);
    await axe(cleo.page);
    await info(bert.page, group);
    await bert.page.locator('.panel').getByRole('link', { name: /^Banned/ }).click();
    await look(bert.page, `bans-${size}`);
    await axe(bert.page);
    await bert.page.getByRole('button', { name: 'Lift the ban: Cleo' }).click();
    await bert.page.getByRole('heading', { name: 'Nobody is banned' }).waitFor();
    await cleo.page.locator('main').getByRole('textbox', { name: 'Message' }).waitFor();
    await write(cleo.page, 'back again');
    await until('Anna has it', () => page.evaluate(() => document.body.textContent.includes('back again')));

    // removed
    await member(page, group, 'Cleo');
    await aside.getByRole('button', { name: 'Remove from the group' }).click();
    await yes(page, 'Remove');
    await until('the row is gone', async () => (await row(cleo.page, 'Chess club').count()) === 0);

    // edited
    await info(page, group, 'edit');
    await aside.getByLabel('Name', { exact: true }).fill('Chess and go');
    await aside.getByLabel('Tags').fill('chess go');
    await look(page, `edit-${size}`);
    await axe(page);
    await aside.getByRole('button', { name: 'Save' }).click();
    await row(bert.page, 'Chess and go').waitFor({ state: 'attached' });

    // handed over
    await member(page, group, 'Bert');
    await aside.getByRole('button', { name: 'Hand over ownership' }).click();
    await yes(page, 'Hand over ownership');
    await hash(bert.page, `c/${group}`);
    await bert.page.getByText('You are to become the owner here.').waitFor();
    await bert.page.getByRole('button', { name: 'Accept' }).click();
    await info(page, group, 'members');
    await aside.getByRole('link', { name: /Bert.*Owner/ }).waitFor();

    // the former owner leaves, the new one deletes
    await info(page, group);
    await aside.getByRole('button', { name: 'Leave group' }).click();
    await yes(page, 'Leave');
    await toList(page);
    await until('it is gone', async () => (await row(page, 'Chess and go').count()) === 0);
    await info(bert.page, group);
    await bert.page.locator('.panel').getByRole('button', { name: 'Delete group' }).click();
    await look(bert.page, `delete-${size}`);
    await axe(bert.page);
    await yes(bert.page, 'Delete group');
    await toList(bert.page);
    await until('it is gone', async () => (await row(bert.page, 'Chess and go').count()) === 0);
    await hash(page, `c/${group}`);
    await page.getByText('This conversation does not exist, or you cannot read it.').waitFor();
  });

  scene(`asking to join, being let in and being refused (${size})`, async (person) => {
    const anna = await person(server, 'Anna', size);
    const bert = await person(server, 'Bert', size);
    const { page } = anna;
    const aside = page.locator('.panel');
    const group = await makeGroup(page, 'Board', { join: 'Whoever is let in', note: 'Not for all' });
    await write_(page, group, 'secret minutes');

    await hash(bert.page, `u/${group}`); // the link of an invitation
    await bert.page.getByRole('heading', { name: 'Board', level: 2 }).waitFor();
    await bert.page.getByText('Not for all').waitFor();
    await look(bert.page, `ask-${size}`);
    await axe(bert.page);
    await bert.page.getByRole('button', { name: 'Ask to join' }).click();
    await bert.page.getByRole('heading', { name: 'Waiting to be let in' }).waitFor();
    await look(bert.page, `waiting-${size}`);
    await axe(bert.page);
    assert.doesNotMatch(await bert.page.content(), /secret minutes/);

    await info(page, group);
    await aside.getByRole('link', { name: /Requests to join/ }).click();
    await look(page, `requests-${size}`);
    await axe(page);
    await page.getByRole('button', { name: 'Refuse: Bert' }).click();
    await page.getByRole('heading', { name: 'No requests' }).waitFor();
    await bert.page.getByRole('button', { name: 'Ask to join' }).click();
    await page.getByRole('button', { name: 'Let in: Bert' }).click();
    await bert.page.locator('main').getByText('secret minutes').first().waitFor();
    await bert.page.locator('main').getByRole('textbox', { name: 'Message' }).waitFor();

    // closed: the link shows what it is, and no more
    await info(page, group, 'access');
    await page.getByRole('radio', { name: 'Only people who were invited' }).check();
    await look(page, `access-${size}`);
    await axe(page);
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved').waitFor();
    const cleo = await person(server, 'Cleo', size);
    await hash(cleo.page, `c/${group}`);
    await cleo.page.getByText('Only people who were invited can join.').waitFor();
    assert.equal(await cleo.page.getByRole('button', { name: 'Join' }).count(), 0);
    await add(page, group, cleo);
    await cleo.page.locator('main').getByRole('textbox', { name: 'Message' }).waitFor();
  });

  scene(`a channel and its readers (${size})`, async (person) => {
    const anna = await person(server, 'Anna', size);
    const bert = await person(server, 'Bert', size);
    const { page } = anna;
    const group = await makeGroup(page, 'News', { channel: true, note: 'What happens' });
    await write_(page, group, 'First issue');
    await info(page, group, 'link');
    const address = await page.getByRole('textbox', { name: 'Invite link' }).inputValue();
    assert.match(address, /#\/u\/chn/);
    await look(page, `link-${size}`);
    await axe(page);

    await bert.page.goto(address);
    await bert.page.getByRole('button', { name: 'Subscribe' }).waitFor();
    await bert.page.getByText('1 subscriber').waitFor();
    await look(bert.page, `subscribe-${size}`);
    await axe(bert.page);
    await bert.page.reload(); // a glance does not make it one of the list
    await bert.page.getByRole('button', { name: 'Subscribe' }).click();
    await bert.page.locator('main').getByText('First issue').first().waitFor();
    await bert.page.getByText('Only the authors of this channel write here.').waitFor();
    assert.equal(await bert.page.locator('main').getByRole('textbox', { name: 'Message' }).count(), 0);
    await look(bert.page, `reader-${size}`);
    await axe(bert.page);
    const channel = await topicOf(bert.page);
    await info(bert.page, channel);
    await bert.page.locator('.panel').getByText('2 subscribers').waitFor();
    assert.equal(await bert.page.locator('.panel').getByRole('link', { name: /Members|Authors/ }).count(), 0);
    await look(bert.page, `channel-info-${size}`);
    await axe(bert.page);
    await bert.page.locator('.panel').getByRole('button', { name: 'Unsubscribe' }).click();
    await yes(bert.page, 'Unsubscribe');
    await toList(bert.page);
    await until('it is gone', async () => (await row(bert.page, 'News').count()) === 0);
    await info(page, group);
    await page.locator('.panel').getByText('1 subscriber').waitFor();
  });

  scene(`a person: own name, block, report, clear, delete (${size})`, async (person) => {
    const anna = await person(server, 'Anna', size);
    const bert = await person(server, 'Bert', size);
    const { page } = anna;
    const aside = page.locator('.panel');
    await startChat(page, bert.login, 'Bert');
    await write(page, 'Hello Bert');
    await row(bert.page, 'Anna').click();
    await bert.page.locator('main').getByText('Hello Bert').first().waitFor();
    const uid = await topicOf(page);
    await info(page, uid);
    await aside.locator('.panel-line', { hasText: 'online' }).waitFor();
    await look(page, `person-${size}`);
    await axe(page);
    await aside.getByRole('button', { name: 'Edit' }).click();
    await aside.getByLabel('Your name for this person').fill('Berti');
    await aside.getByRole('button', { name: 'Save' }).click();
    await aside.getByRole('heading', { name: 'Berti' }).waitFor();

    await aside.getByRole('button', { name: 'Block' }).click();
    await yes(page, 'Block');
    await aside.getByRole('button', { name: 'Unblock' }).waitFor();
    await hash(page, `c/${uid}`);
    await page.getByText('You have blocked Berti.').waitFor();
    await bert.page.getByText('does not take messages from you').waitFor();
    await look(bert.page, `blocked-${size}`);
    await axe(bert.page);
    await page.getByRole('button', { name: 'Unblock' }).click();
    await until('Bert may write', async () => (await bert.page.getByText('does not take messages from you').count()) === 0);

    await info(page, uid);
    await aside.getByRole('button', { name: 'Report' }).click();
    await yes(page, 'Report');
    await page.getByText('Reported. Thank you.').waitFor();
    await aside.getByRole('switch', { name: 'Archive' }).click();
    await aside.getByRole('switch', { name: 'Archive', checked: true }).waitFor();
    await aside.getByRole('button', { name: 'Clear history' }).click();
    await yes(page, 'Clear history');
    await until('no message is left', async () => (await page.locator('main').getByText('Hello Bert').count()) === 0);
    await aside.getByRole('button', { name: 'Delete chat' }).click();
    await yes(page, 'Delete chat');
    await toList(page);
    await page.getByRole('heading', { name: 'No chats yet' }).waitFor();
  });
}

// write_ writes in a conversation from wherever the page is.
async function write_(page, topic, text) {
  await hash(page, `c/${topic}`);
  await write(page, text);
  await page.locator('main').getByText(text).first().waitFor();
}
