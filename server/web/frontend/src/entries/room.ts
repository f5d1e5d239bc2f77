import "../../styles/room.css";
