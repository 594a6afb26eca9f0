/**
 * The published gateway with the published mock puppet behind it, driven by one line of JSON per command on stdin.
 *
 * What the mock leaves out is filled in on the puppet's own methods ("rich"): sends give an id, recalls and kicks have
 * consequences, notices are kept. `rich: false` leaves the mock as it was published. Ends when stdin does.
 */
import { createHash, randomBytes } from 'node:crypto'
import { createInterface } from 'node:readline'
import { FileBox } from 'file-box'
import * as PUPPET from 'wechaty-puppet'
import { PuppetMock, mock } from 'wechaty-puppet-mock'
import { PuppetServer } from 'wechaty-puppet-service'

process.env.WECHATY_LOG = 'silent'
const [endpoint, token, tls] = process.argv.slice(2)
const BOT = 'wxid_bot'
let server, puppet, mocker, world

const contact = (id, name) => mocker.cacheContactPayload.has(id)
  ? mocker.ContactMock.load(id)
  : mocker.createContact({ id, name: name ?? id, alias: '', avatar: '', friend: true, gender: 0, phone: [], type: 1 })

function fail (method) {
  if (world.broken[method]) throw new Error(world.broken[method])
  return world.hanging.includes(method) ? new Promise(() => {}) : undefined
}

async function sent (to, entry) {
  const id = `own-${randomBytes(6).toString('hex')}`
  world.sent.push({ id, to, ...entry })
  const room = to.includes('@')
  mocker.cacheMessagePayload.set(id, {
    id, talkerId: puppet.currentUserId, timestamp: Date.now(), type: entry.type, text: entry.text ?? '',
    filename: entry.name, ...(room ? { roomId: to, mentionIdList: entry.mentions ?? [] } : { listenerId: to }),
  })
  if (world.echo) puppet.emit('message', { messageId: id })
  return world.rich ? id : undefined
}

function enrich () {
  const known = id => { if (!mocker.cacheRoomPayload.has(id) && !mocker.cacheContactPayload.has(id)) throw new Error(`no payload found for id ${id}`) }
  const wrap = (name, own) => { puppet[name] = async (...args) => { await fail(name); world.calls.push([name, ...args.map(a => (a instanceof Object && a.name) || a)]); return own(...args) } }
  wrap('messageSendText', (to, text, mentions) => { known(to); return sent(to, { text, mentions, type: PUPPET.types.Message.Text }) })
  wrap('messageSendFile', async (to, box) => {
    known(to)
    if (box.type === 2) return sent(to, { name: box.name, url: box.remoteUrl, type: PUPPET.types.Message.Attachment })
    const bytes = await box.toBuffer()
    return sent(to, { name: box.name, size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex'), boxType: box.type, type: PUPPET.types.Message.Attachment })
  })
  wrap('messageSendUrl', (to, link) => sent(to, { text: link.url, link, type: PUPPET.types.Message.Url }))
  wrap('messageForward', (to, id) => sent(to, { text: mocker.messagePayload(id).text, forwarded: id, type: PUPPET.types.Message.Text }))
  wrap('messageRecall', id => { const at = world.sent.findIndex(m => m.id === id); if (at >= 0) world.sent.splice(at, 1); return at >= 0 })
  wrap('roomDel', async (room, id) => { leave(room, [id], puppet.currentUserId) })
  wrap('roomAdd', async (room, id) => { join(room, [id], puppet.currentUserId) })
  wrap('roomAnnounce', async (room, text) => { if (text === undefined) return world.notices[room] ?? ''; world.notices[room] = text })
  wrap('roomTopic', async (room, topic) => { if (topic === undefined) return mocker.roomPayload(room).topic; mocker.roomPayload(room).topic = topic })
  wrap('contactAlias', async (id, alias) => { if (alias === undefined) return mocker.contactPayload(id).alias; mocker.contactPayload(id).alias = alias })
  wrap('roomInvitationAccept', async () => {})
  puppet.roomInvitationRawPayload = async id => ({ id, inviterId: 'wxid_alice', topic: 'invited', memberCount: 3, memberIdList: [], timestamp: Date.now(), avatar: '', invitation: '', receiverId: BOT })
  puppet.roomMemberRawPayload = async (room, id) => ({ id, name: mocker.contactPayload(id).name, roomAlias: world.aliases[`${room}/${id}`] ?? '', avatar: '' })
  const payload = puppet.messagePayload.bind(puppet)
  puppet.messagePayload = async id => { await fail('messagePayload'); return payload(id) }
}

function dirty (type, id) {
  puppet.onDirty?.({ payloadType: type, payloadId: id })
  puppet.emit('dirty', { payloadType: type, payloadId: id })
}

function join (room, ids, inviter) {
  const payload = mocker.roomPayload(room)
  ids.forEach(id => { contact(id); if (!payload.memberIdList.includes(id)) payload.memberIdList.push(id) })
  puppet.emit('room-join', { inviteeIdList: ids, ...(inviter ? { inviterId: inviter } : {}), roomId: room, timestamp: Date.now() })
}

function leave (room, ids, remover) {
  const payload = mocker.roomPayload(room)
  payload.memberIdList = payload.memberIdList.filter(id => !ids.includes(id))
  puppet.emit('room-leave', { removeeIdList: ids, ...(remover ? { removerId: remover } : {}), roomId: room, timestamp: Date.now() })
}

let serial = 0
function say ({ room, from, text, mentions, type, id, filename, timestamp, silent }) {
  const messageId = id ?? `msg-${process.pid}-${++serial}`
  mocker.cacheMessagePayload.set(messageId, {
    id: messageId, talkerId: from, timestamp: timestamp ?? Date.now(), type: type ?? PUPPET.types.Message.Text, text: text ?? '', filename,
    ...(room ? { roomId: room, mentionIdList: mentions ?? [] } : { listenerId: BOT }),
  })
  if (!silent) puppet.emit('message', { messageId })
  return messageId
}

async function reset (options = {}) {
  if (server) { await server.stop(); await puppet.stop() }
  world = { sent: [], calls: [], notices: {}, aliases: {}, broken: {}, hanging: [], rich: options.rich ?? true, echo: options.echo ?? true }
  mocker = new mock.Mocker()
  puppet = new PuppetMock({ mocker })
  const names = { [BOT]: '小群', wxid_alice: '小明', wxid_carol: '小红', ...options.contacts }
  for (const [id, name] of Object.entries(names)) contact(id, name)
  for (const room of options.rooms ?? ['room1@chatroom']) {
    mocker.createRoom({ id: room, topic: '测试群', ownerId: options.owner ?? 'wxid_owner', adminIdList: options.admins ?? [BOT], memberIdList: Object.keys(names), avatar: '' })
  }
  if (options.stock) world.rich = false
  else enrich()
  const self = options.account ?? BOT
  contact(self)
  if (options.login ?? true) mocker.use(m => { m.login(mocker.ContactMock.load(self)); return () => {} })
  server = new PuppetServer({ endpoint, puppet, token, tls: { disable: tls !== 'tls' } })
  await server.start()
}

const commands = {
  reset,
  say: each => say(each),
  many: ({ room, rooms, from, count, prefix }) => {
    for (let n = 0; n < count; n++) say({ room: rooms ? `room${1 + n % rooms}@chatroom` : room, from: Array.isArray(from) ? from[n % from.length] : from, text: `${prefix}${n}` })
  },
  join: ({ room, members, inviter }) => join(room, members, inviter),
  leave: ({ room, members, remover }) => leave(room, members, remover),
  emit: ({ event, payload }) => { puppet.emit(event, payload) },
  role: ({ room, owner, admins }) => { Object.assign(mocker.roomPayload(room), { ownerId: owner, adminIdList: admins }); dirty(PUPPET.types.Payload.Room, room) },
  alias: ({ room, member, alias }) => { world.aliases[`${room}/${member}`] = alias; dirty(PUPPET.types.Payload.RoomMember, room) },
  file: ({ room, from, name, size }) => {
    const bytes = Buffer.alloc(size, 'QunOps')
    const id = say({ room, from, type: PUPPET.types.Message.Attachment, filename: name, silent: true })
    puppet.messageFile = async () => FileBox.fromBase64(bytes.toString('base64'), name)
    puppet.emit('message', { messageId: id })
    return { id, sha256: createHash('sha256').update(bytes).digest('hex') }
  },
  scan: ({ qrcode }) => mocker.scan(qrcode),
  login: ({ id }) => puppet.login(id ?? BOT),
  logout: () => puppet.logout('test'),
  break: ({ method, error }) => { world.broken[method] = error },
  hang: ({ methods }) => { world.hanging = methods },
  sent: () => world.sent,
  calls: () => world.calls,
  members: ({ room }) => mocker.roomPayload(room).memberIdList,
  notice: ({ room }) => world.notices[room] ?? '',
  topic: ({ room }) => mocker.roomPayload(room).topic,
  contactAlias: ({ id }) => mocker.contactPayload(id).alias,
}

const answer = body => process.stdout.write(`${JSON.stringify(body)}\n`)
const lines = createInterface({ input: process.stdin })
lines.on('line', async line => {
  const { number, command, ...rest } = JSON.parse(line)
  try {
    answer({ number, result: (await commands[command](rest)) ?? null })
  } catch (e) {
    answer({ number, error: e.stack })
  }
})
lines.on('close', () => process.exit(0))
answer({ number: 0, result: 'ready' })
