-- titre: Consommation d'ENAF par année et par destination
-- title: ENAF consumption by year and destination
-- définition: surface passée d'un usage naturel, agricole ou forestier à un usage urbanisé
--   d'après les fichiers fonciers, du 1er janvier de l'année au 1er janvier suivant. Les lignes
--   nulles ne sont pas écrites. Cette mesure n'est pas l'artificialisation de l'OCS GE et ne
--   s'y ajoute jamais.
-- definition: ground that went from natural, agricultural or forest to urban use in the land
--   files, from 1 January of the year to the next. Rows of nothing are not written. This is not
--   the artificialisation of OCS GE, and is never added to it.
-- source: Cerema, données de consommation d'espaces, d'après les fichiers fonciers (DGFiP)
-- subject: ENAF
-- unit: m²
-- columns: commune, name, year, destination, consumed_m2, vintage
SELECT
  e.commune, e.name, e.year, e.destination, SUM(e.area_half_cm2) AS consumed_half_cm2, t.vintage
FROM enaf AS e
CROSS JOIN enaf_table AS t
WHERE e.area_half_cm2 <> 0
GROUP BY e.commune, e.name, e.year, e.destination, t.vintage
ORDER BY e.commune, e.year, e.destination
