import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { axe } from '../lib/axe.js';
import { Browser, endBrowsers } from '../lib/browser.js';
import { active, button, call, hears, nothingRuns, over, seesPicture, spy, webrtc } from '../lib/calls.js';
import { listShown, logIn, logOut, row, signUp, startChat, toList, write } from '../lib/people.js';
import { Server } from '../lib/server.js';
import { until } from '../lib/until.js';

// Calls between browsers: sound and pictures really flow, and nothing is left.

const server = new Server({ webrtc });
let anna, bert, cleo, number = 0;

async function caller(name, size = 'desktop', on = server) {
  const b = await Browser.open(on, size);
  b.name = name;
  b.login = `${name.toLowerCase().replace(/[^a-z]/g, '')}x${++number}`;
  await spy(b);
  await b.page.goto('');
  await signUp(b.page, { name, login: b.login });
  return b;
}
async function another(of, size = 'desktop') {
  const b = await Browser.open(server, size);
  await spy(b);
  await b.page.goto('');
  await logIn(b.page, of.login);
  await listShown(b.page);
  return b;
}
const openChat = async (b, name) => {
  await toList(b.page);
  await row(b.page, name).click();
  await b.page.locator('main').getByRole('heading', { name }).waitFor();
};
const main = (b, name) => b.page.locator('main').getByRole('button', { name, exact: true });
const shot = async (page, name) => process.env.PARLEY_LOOK && page.screenshot({ path: `${process.env.PARLEY_LOOK}/${name}.png` });

before(async () => {
  await server.start();
  anna = await caller('Anna Berg');
  bert = await caller('Bert Adams', 'phone');
  cleo = await caller('Cleo Ng');
  await startChat(anna.page, bert.login, 'Bert Adams');
  await write(anna.page, 'Shall I call you?');
  await row(bert.page, 'Anna').getByText('Shall I call').waitFor();
  await startChat(cleo.page, anna.login, 'Anna Berg');
  await write(cleo.page, 'Hello Anna');
  await row(anna.page, 'Cleo').getByText('Hello Anna').waitFor();
});
after(async () => {
  await endBrowsers();
  await server.close();
});

test('a video call: pictures both ways, reading on meanwhile, hung up by the caller', async () => {
  await openChat(anna, 'Bert');
  await main(anna, 'Video call').click();
  await call(bert.page).getByText('Incoming video call').waitFor(); // he is not in the conversation
  await call(anna.page).getByText('Ringing…').waitFor();
  await axe(anna.page);
  await axe(bert.page);
  await shot(anna.page, 'calls-ringing');
  await shot(bert.page, 'calls-incoming-phone');
  await button(bert.page, 'Answer with video').click();
  await Promise.all([active(anna.page), active(bert.page)]);
  await Promise.all([seesPicture(anna.page, 'Anna'), seesPicture(bert.page, 'Bert')]);
  await hears(anna.page, 'Anna');
  await hears(bert.page, 'Bert');
  await axe(anna.page);
  await axe(bert.page);
  await shot(anna.page, 'calls-video');
  await shot(bert.page, 'calls-video-phone');

  await button(anna.page, 'Mute microphone').click();
  await button(anna.page, 'Unmute microphone').waitFor();
  assert.ok(await anna.page.evaluate(() => spy.tracks.filter((t) => t.kind === 'audio' && t.readyState === 'live').every((t) => !t.enabled)));
  await button(anna.page, 'Unmute microphone').click();

  // the server ends calls of who leaves the conversation: opening another one must not
  await anna.page.keyboard.press('Escape');
  await button(anna.page, 'Show the call').waitFor();
  await openChat(anna, 'Cleo');
  await anna.page.locator('main').getByText('Hello Anna').waitFor();
  await write(anna.page, 'I am on the phone');
  await row(cleo.page, 'Anna').getByText('I am on the phone').waitFor();
  await axe(anna.page);
  await shot(anna.page, 'calls-mini');
  await seesPicture(anna.page, 'Anna, minimised');
  await seesPicture(bert.page, 'Bert, whose friend reads on');
  await button(bert.page, 'Back to the chats').click();
  await listShown(bert.page);
  await axe(bert.page);
  await shot(bert.page, 'calls-mini-phone');
  await button(anna.page, 'Show the call').click();

  await button(anna.page, 'Hang up').click();
  await call(bert.page).getByText(/Call ended after 0:\d\d/).waitFor();
  await Promise.all([over(anna.page), over(bert.page)]);
  await nothingRuns(anna.page, 'Anna');
  await nothingRuns(bert.page, 'Bert');
  await row(anna.page, 'Bert').getByText(/Call, 0:\d\d/).waitFor();
  await row(bert.page, 'Anna').getByText(/Call, 0:\d\d/).waitFor();
});

test('sound only, by the keyboard; the camera on and off; hung up by the callee', async () => {
  await openChat(cleo, 'Anna');
  await main(cleo, 'Call').focus();
  await cleo.page.keyboard.press('Enter');
  await call(anna.page).getByText('Incoming call').waitFor();
  // whoever types does not answer by that
  await anna.page.waitForFunction(() => document.activeElement.textContent === 'Cleo Ng');
  await anna.page.keyboard.press('Space');
  await anna.page.keyboard.press('Tab');
  await anna.page.waitForFunction(() => document.activeElement.textContent === 'Decline');
  await anna.page.keyboard.press('Tab');
  await shot(anna.page, 'calls-incoming');
  await anna.page.keyboard.press('Enter');
  await Promise.all([active(anna.page), active(cleo.page)]);
  await Promise.all([hears(anna.page, 'Anna'), hears(cleo.page, 'Cleo')]);
  await shot(cleo.page, 'calls-audio');
  await axe(cleo.page);

  await button(anna.page, 'Turn camera on').click();
  await seesPicture(cleo.page, 'Cleo, after Anna turned her camera on');
  await button(cleo.page, 'Turn camera on').click();
  await seesPicture(anna.page, 'Anna, after Cleo turned hers on');
  await button(anna.page, 'Turn camera off').click();
  await until('no still picture of Anna is left', async () => (await cleo.page.locator('video.call-remote').getAttribute('data-hidden')) !== null);
  await until('the camera is let go', () => anna.page.evaluate(() => spy.tracks.every((t) => t.kind === 'audio' || t.readyState === 'ended')));
  await button(anna.page, 'Turn camera on').click();
  await seesPicture(cleo.page, 'Cleo, again');

  // the network changes: a new way is looked for, and the call goes on
  const offers = await cleo.page.evaluate(() => spy.offers);
  await cleo.page.evaluate(() => dispatchEvent(new Event('online')));
  await until('a new offer', async () => (await cleo.page.evaluate(() => spy.offers)) > offers);
  await seesPicture(cleo.page, 'Cleo, after a restart');
  await seesPicture(anna.page, 'Anna, after a restart');

  await button(anna.page, 'Hang up').click();
  await call(cleo.page).getByText('Call ended after').waitFor();
  await Promise.all([over(anna.page), over(cleo.page)]);
  await nothingRuns(anna.page, 'Anna');
  await nothingRuns(cleo.page, 'Cleo');
});

test('declined', async () => {
  await openChat(cleo, 'Anna');
  await main(cleo, 'Call').click();
  await button(anna.page, 'Decline').click();
  await call(cleo.page).getByText('Anna Berg declined').waitFor();
  await Promise.all([over(anna.page), over(cleo.page)]);
  await nothingRuns(cleo.page, 'Cleo');
  await nothingRuns(anna.page, 'Anna');
  await row(cleo.page, 'Anna').getByText('Declined call').waitFor();
  await row(anna.page, 'Cleo').getByText('Declined call').waitFor();
});

test('given up before it was taken: missed', async () => {
  await main(cleo, 'Video call').click();
  await button(anna.page, 'Answer').waitFor();
  await button(cleo.page, 'Hang up').click();
  await Promise.all([over(anna.page), over(cleo.page)]);
  await nothingRuns(anna.page, 'Anna');
  await nothingRuns(cleo.page, 'Cleo');
  await row(anna.page, 'Cleo').getByText('Missed call').waitFor();
});

test('two devices of one user: who answers first, and the other stops', async () => {
  const second = await another(anna, 'phone');
  await main(cleo, 'Video call').click();
  await Promise.all([button(anna.page, 'Answer').waitFor(), button(second.page, 'Answer').waitFor()]);
  await button(second.page, 'Answer').click(); // without a picture of her own
  await call(anna.page).getByText('Answered on another device').waitFor();
  await Promise.all([active(cleo.page), active(second.page)]);
  await seesPicture(second.page, 'the second device');
  await hears(cleo.page, 'Cleo');
  await over(anna.page);
  await nothingRuns(anna.page, 'Anna');

  await button(second.page, 'Hang up').click();
  await over(cleo.page);
  await over(second.page);
  await nothingRuns(second.page, 'the second device');
  await second.close();
});

test('busy', async () => {
  await main(cleo, 'Call').click();
  await button(anna.page, 'Answer').click();
  await Promise.all([active(cleo.page), active(anna.page)]);
  await openChat(bert, 'Anna');
  await main(bert, 'Call').click();
  await call(bert.page).getByText('declined, or is on another call').waitFor();
  await anna.page.getByText('Bert Adams called while you were on a call.').waitFor({ state: 'attached' });
  await hears(anna.page, 'Anna, still');
  await over(bert.page);
  await button(cleo.page, 'Hang up').click();
  await Promise.all([over(anna.page), over(cleo.page)]);
});

test('both call each other at once', async () => {
  await openChat(anna, 'Cleo');
  await Promise.all([main(cleo, 'Call').click(), main(anna, 'Call').click()]);
  // either one's call was first and rings, or the two found each other
  await Promise.all([active(anna.page), active(cleo.page)]);
  await Promise.all([hears(anna.page, 'Anna'), hears(cleo.page, 'Cleo')]);
  await button(anna.page, 'Hang up').click();
  await Promise.all([over(anna.page), over(cleo.page)]);
  await nothingRuns(anna.page, 'Anna');
  await nothingRuns(cleo.page, 'Cleo');
});

test('the other one is gone: the call breaks off, and can be made again', async () => {
  const second = await another(cleo);
  await openChat(anna, 'Cleo');
  await openChat(bert, 'Anna');
  await toList(cleo.page);
  await main(anna, 'Video call').click();
  await button(second.page, 'Answer with video').click();
  await Promise.all([active(anna.page), active(second.page)]);
  await seesPicture(anna.page, 'Anna');
  await second.context.close();
  await call(anna.page).getByRole('alert').or(call(anna.page).getByText('Call ended after')).waitFor({ timeout: 30_000 });
  await nothingRuns(anna.page, 'Anna');
  if (await button(anna.page, 'Close').isVisible()) await button(anna.page, 'Close').click();
  await Promise.all([over(anna.page), over(cleo.page)]); // hers says for a moment that it was answered elsewhere
});

test('the microphone is refused, or there is none; a camera is missing', async () => {
  await openChat(anna, 'Cleo');
  await anna.page.evaluate(() => (spy.refuse = 'NotAllowedError'));
  await main(anna, 'Call').click();
  await call(anna.page).getByRole('alert').getByText('does not let this page use the microphone').waitFor();
  await axe(anna.page);
  await shot(anna.page, 'calls-refused');
  await anna.page.evaluate(() => (spy.refuse = 'NotFoundError'));
  await button(anna.page, 'Call again').click();
  await call(anna.page).getByRole('alert').getByText('No microphone was found').waitFor();
  await button(anna.page, 'Close').click();
  await over(anna.page);
  assert.equal(await call(cleo.page).count(), 0, 'nobody is rung for nothing');
  await anna.page.evaluate(() => ((spy.refuse = ''), (spy.refuseVideo = 'NotFoundError')));
  await main(anna, 'Video call').click();
  await call(anna.page).getByText('There is no camera to use').waitFor();
  await button(cleo.page, 'Answer with video').click();
  await seesPicture(anna.page, 'Anna, who has no camera');
  await hears(cleo.page, 'Cleo');
  await anna.page.evaluate(() => (spy.refuseVideo = ''));
});

test('logging out ends the call', async () => {
  // the call of the test before
  await active(anna.page);
  await anna.page.keyboard.press('Escape');
  await Promise.all([call(cleo.page).getByText('Call ended').waitFor(), logOut(anna.page)]);
  await over(cleo.page);
  await nothingRuns(anna.page, 'Anna');
  await nothingRuns(cleo.page, 'Cleo');
});
