-- titre: Les territoires et leurs communes
-- title: The territories, and their communes
-- définition: chaque territoire de chaque niveau, le nombre de ses communes connues ici, et le
--   nombre que lui donne la table du niveau : un territoire dont des communes manquent n'a que
--   les chiffres des autres.
-- definition: every territory of every level, how many of its communes are known here, and how
--   many the table of the level gives it: a territory that lacks communes has the figures of
--   the others only.
-- source: les tables de [[levels]] ; code officiel géographique
-- subject: all
-- unit: m²
-- columns: level, territory, name, communes, communes_expected, is_complete, area_m2
SELECT
  l.level, l.territory, l.territory_name AS name,
  COUNT(*) AS communes,
  MAX(l.communes) AS communes_expected,
  COUNT(*) = MAX(l.communes) AS is_complete,
  CASE WHEN COUNT(c.area_half_cm2) = COUNT(*) THEN SUM(c.area_half_cm2) END AS area_half_cm2
FROM levels AS l
LEFT JOIN communes AS c ON c.commune = l.commune
GROUP BY l.level, l.territory, l.territory_name
ORDER BY l.level, l.territory
