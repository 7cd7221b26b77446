// The components that pages are made of.
export { Button, IconButton } from './Button';
export { Avatar } from './Avatar';
export { Badge, Banner, Bar, Empty, panelID, Switch, Tabs } from './controls';
export { confirm, Dialog } from './Dialog';
export { MenuButton, openMenu, type MenuItem } from './Menu';
export { Loading, Spinner } from './Spinner';
export { PasswordField, SearchField, TextField } from './TextField';
export { toast } from './Toast';
export * from './icons';
